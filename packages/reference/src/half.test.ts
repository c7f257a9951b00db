import { describe, expect, it } from "vitest";
import { halfBits, roundHalfToEven, roundToHalf, widenHalf } from "./half.ts";

describe("half floats", () => {
  it("keep their bits through widening, all of them", () => {
    for (let bits = 0; bits < 65536; bits++) {
      const isNaN = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
      const value = widenHalf(bits);
      expect(halfBits(value)).toBe(isNaN ? 0x7e00 : bits);
      if (!isNaN && roundToHalf(value) !== value) throw new Error(`roundToHalf changes ${value}`);
    }
  });

  it("round to the nearest, ties to even", () => {
    const known: readonly (readonly [number, number])[] = [
      [0.1, 0x2e66], [1 / 3, 0x3555], [1, 0x3c00], [-2, 0xc000], [2049, 0x6800], [2051, 0x6802], [65504, 0x7bff], [65519.9, 0x7bff], [65520, 0x7c00], [-1e9, 0xfc00],
      [6e-8, 0x0001], [2 ** -25, 0x0000], [-(2 ** -25), 0x8000], [1.5 * 2 ** -24, 0x0002], [2 ** -14 - 2 ** -25, 0x0400], [Infinity, 0x7c00], [-0, 0x8000], [NaN, 0x7e00],
    ];
    for (const [value, bits] of known) expect([value, halfBits(roundToHalf(value))]).toEqual([value, bits]);
  });
});

it("roundHalfToEven takes halves to the even neighbour", () => {
  const known: readonly (readonly [number, number])[] = [[0.5, 0], [1.5, 2], [2.5, 2], [-0.5, -0], [-1.5, -2], [-2.5, -2], [2.4, 2], [2.6, 3], [-2.6, -3], [8388607.5, 8388608], [1e30, 1e30], [-Infinity, -Infinity]];
  for (const [x, expected] of known) expect([x, roundHalfToEven(x) + 0]).toEqual([x, expected + 0]);
  expect(roundHalfToEven(NaN)).toBeNaN();
});
