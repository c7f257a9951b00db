import { describe, expect, it } from "vitest";
import { key, threefry2x32 } from "./index.ts";

describe("threefry2x32", () => {
  // Known-answer vectors of Random123 for threefry2x32, 20 rounds.
  it.each([
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0],
  ])("matches the published vector for key %i %i", (key0, key1, counter0, counter1, word0, word1) => {
    expect(threefry2x32(key0, key1, counter0, counter1)).toEqual([word0, word1]);
  });
});

describe("Key", () => {
  it("gives the same numbers for the same key and others for derived keys", () => {
    expect(key(3).uniform(5)).toEqual(key(3).uniform(5));
    expect(key(3).fold(1).uniform(5)).not.toEqual(key(3).fold(2).uniform(5));
    const [first, second] = key(3).split();
    expect(first!.words).not.toEqual(second!.words);
  });
  it("draws uniform and normal numbers with the right moments", () => {
    const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length;
    const uniform = key(1).uniform(20000);
    expect(mean(uniform)).toBeCloseTo(0.5, 1.5);
    expect(Math.max(...uniform)).toBeLessThan(1);
    const normal = key(2).normal(20000);
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(mean(normal.map((value) => value * value))).toBeCloseTo(1, 1);
  });
  it("permutes without losing anything", () => {
    expect([...key(5).permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
  it("refuses a seed that is no integer", () => {
    expect(() => key(0.5)).toThrow("key: seed is 0.5; expected an integer.");
  });
});
