import { describe, expect, it } from "vitest";
import { constantSchedule, warmupCosine, warmupLinear } from "./index.ts";

describe("warmupCosine", () => {
  it("rises from 0 to the peak, both ends included, and falls toward the minimum", () => {
    const schedule = warmupCosine({ peak: 1, warmupSteps: 5, totalSteps: 15, minimum: 0.1 });
    expect([0, 1, 2, 3, 4].map(schedule)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(schedule(5)).toBe(1);
    expect(schedule(10)).toBeCloseTo(0.55, 12);
    // The last step is one before the cosine's end, as in the official code.
    expect(schedule(14)).toBeCloseTo(0.1 + 0.45 * (1 + Math.cos(0.9 * Math.PI)), 12);
    expect(schedule(14)).toBeGreaterThan(0.1);
    const falling = Array.from({ length: 10 }, (_, index) => schedule(5 + index));
    expect([...falling].sort((a, b) => b - a)).toEqual(falling);
  });
  it("keeps the last rate afterwards, and the first before", () => {
    const schedule = warmupCosine({ peak: 2, totalSteps: 10 });
    expect([schedule(9), schedule(10), schedule(1e6)]).toEqual([schedule(9), schedule(9), schedule(9)]);
    expect([schedule(0), schedule(-1)]).toEqual([2, 2]);
  });
  it("has edges", () => {
    expect(warmupCosine({ peak: 1, warmupSteps: 1, totalSteps: 3 })(0)).toBe(0);
    expect(warmupCosine({ peak: 1, warmupSteps: 1, totalSteps: 3 })(1)).toBe(1);
    expect(warmupCosine({ peak: 1, warmupSteps: 3, totalSteps: 3 })(2)).toBe(1);
    expect(warmupCosine({ peak: 1, warmupSteps: 3, totalSteps: 3 })(3)).toBe(1);
    expect(warmupCosine({ peak: 1, totalSteps: 1 })(0)).toBe(1);
    expect(() => warmupCosine({ peak: 1, warmupSteps: 4, totalSteps: 3 })).toThrow("warmupCosine: 4 warm-up steps of 3; expected 0 up to all of them.");
    expect(constantSchedule(0.5)(99)).toBe(0.5);
  });
});

describe("warmupLinear", () => {
  it("rises from the start and falls in equal steps, down to the minimum", () => {
    const schedule = warmupLinear({ peak: 1, warmupSteps: 3, totalSteps: 8, minimum: 0.2, start: 0.5 });
    const expected = [0.5, 0.75, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2];
    expected.forEach((rate, step) => expect(schedule(step)).toBeCloseTo(rate, 12));
    expect(warmupLinear({ peak: 1, totalSteps: 1 })(0)).toBe(1);
    expect(warmupCosine({ peak: 1, warmupSteps: 3, totalSteps: 8, start: 0.5 })(0)).toBe(0.5);
    expect(() => warmupLinear({ peak: 1, warmupSteps: 4, totalSteps: 3 })).toThrow("warmupLinear: 4 warm-up steps of 3; expected 0 up to all of them.");
  });
});
