import { describe, expect, it } from "vitest";
import { gigaflops, isRestless, quantile, summarise } from "./statistics.ts";

describe("statistics", () => {
  it("interpolates between neighbours, in any order of samples", () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(quantile([10, 0], 0.1)).toBeCloseTo(1, 12);
    expect(quantile([7], 0.9)).toBe(7);
  });
  it("summarises and leaves the samples as they are", () => {
    const samples = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    expect(summarise(samples)).toEqual({ medianMs: 6, p10Ms: 2, p90Ms: 10 });
    expect(samples[0]).toBe(11);
  });
  it("sees rounds that disagree by their medians", () => {
    expect(isRestless([[10, 30, 10], [11, 11, 11], [11.4]])).toBe(false);
    expect(isRestless([[10, 10], [10, 10], [11.6, 11.6]])).toBe(true);
    expect(isRestless([[10], [10], [10], [20]])).toBe(false);
    expect(isRestless([[10], [10], [11.6], [20]])).toBe(true);
    expect(isRestless([[10, 20]])).toBe(false);
  });
  it("gives a rate where products are the work", () => {
    expect(gigaflops(2e9, 100)).toBe(20);
    expect(gigaflops(undefined, 100)).toBeNull();
  });
});
