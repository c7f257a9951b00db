import { describe, expect, it } from "vitest";
import { differenceOf, digestOf, samplePlace } from "./digest.ts";
import { integers, uniform } from "./inputs.ts";

describe("inputs", () => {
  it("are the same numbers everywhere: multiples of 2⁻²³ in ±1, by seed and position", () => {
    const values = uniform(1, 1000);
    expect([...values].every((value) => value >= -1 && value < 1 && Number.isInteger(value * 2 ** 23))).toBe(true);
    expect(uniform(1, 10)).toEqual(values.slice(0, 10));
    expect(uniform(2, 10)).not.toEqual(values.slice(0, 10));
    // Pinned: the Python of PyTorch's target makes the same.
    expect([...uniform(1, 3)].map((value) => value * 2 ** 23)).toMatchInlineSnapshot(`
      [
        1231407,
        1483001,
        3424795,
      ]
    `);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 1000)).toBeLessThan(0.1);
  });
  it("scale and shift", () => {
    expect(uniform(3, 100, 0.1, 1).every((value) => value >= 0.9 && value <= 1.1)).toBe(true);
    expect(integers(3, 100, 7).every((value) => Number.isInteger(value) && value >= 0 && value < 7)).toBe(true);
  });
});

describe("digests", () => {
  const values = uniform(1, 10_000);
  const digest = digestOf(values);

  it("tell equal results from others", () => {
    expect(differenceOf(digest, digestOf(values))).toBe(0);
    expect(differenceOf(digest, digestOf(values.map((value) => value * 1.01)))).toBeGreaterThan(5e-3);
    expect(differenceOf(digest, digestOf(values.toReversed()))).toBeGreaterThan(0.1);
    expect(differenceOf(digest, digestOf(values.subarray(1)))).toBe(Infinity);
  });
  it("take a NaN for a difference, wherever it is", () => {
    const broken = values.slice();
    broken[5] = NaN;
    expect(differenceOf(digest, digestOf(broken))).toBe(Infinity);
  });
  it("keep all of a short result, and first and last of a long one", () => {
    expect(digestOf([1, -2, 3])).toEqual({ length: 3, meanAbsolute: 2, samples: [1, -2, 3] });
    expect([samplePlace(0, 1000), samplePlace(63, 1000)]).toEqual([0, 999]);
  });
});
