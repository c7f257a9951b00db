import { expect, it } from "vitest";
import { erf } from "./erf.ts";

// From the C library.
const known: readonly (readonly [number, number])[] = [
  [0, 0], [0.1, 0.1124629160182849], [0.5, 0.5204998778130465], [1, 0.8427007929497149], [1.5, 0.9661051464753108], [2, 0.9953222650189527],
  [3, 0.9999779095030014], [4, 0.9999999845827421], [5.5, 0.9999999999999927], [6, 1], [100, 1], [Infinity, 1], [1e-20, 1.1283791670955126e-20],
];

it("agrees with known values of the error function, on both sides of 0", () => {
  for (const [x, expected] of known) {
    expect(Math.abs(erf(x) - expected)).toBeLessThanOrEqual(4e-16 * Math.abs(expected));
    expect(erf(-x)).toBe(-erf(x));
  }
  expect(erf(NaN)).toBeNaN();
});
