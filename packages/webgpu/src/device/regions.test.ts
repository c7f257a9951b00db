import { describe, expect, it } from "vitest";
import { key } from "@multiway/random";
import { Regions } from "./regions.ts";

const range = (memory: number, offset: number, size: number) => ({ memory, offset, size });

describe("regions", () => {
  it("join ranges of one buffer, up to the largest binding", () => {
    const regions = new Regions(2, 1000);
    expect(regions.add([range(1, 0, 100), range(1, 800, 100)])).toBe(true);
    expect(regions.list).toEqual([{ memory: 1, start: 0, end: 900 }]);
    expect(regions.add([range(1, 1100, 100)])).toBe(true);
    expect(regions.list).toEqual([{ memory: 1, start: 0, end: 900 }, { memory: 1, start: 1100, end: 1200 }]);
    expect(regions.find(range(1, 1150, 50))).toEqual({ region: 1, offset: 50 });
  });
  it("stay as they are when one more does not fit", () => {
    const regions = new Regions(2, 1000);
    regions.add([range(1, 0, 100), range(2, 0, 100)]);
    expect(regions.add([range(1, 100, 10), range(3, 0, 10)])).toBe(false);
    expect(regions.list).toEqual([{ memory: 1, start: 0, end: 100 }, { memory: 2, start: 0, end: 100 }]);
    expect(regions.add([range(1, 0, 2000)])).toBe(false);
  });
  it("never overlap, cover what was added, and are no larger than a binding", () => {
    for (let seed = 0; seed < 50; seed++) {
      const words = key(seed).bits(300);
      const regions = new Regions(7, 4096);
      const added = Array.from({ length: 100 }, (_, index) => range(words[3 * index]! % 3, (words[3 * index + 1]! % 64) * 256, 1 + (words[3 * index + 2]! % 2000))).filter((one) => regions.add([one]));
      expect(added.length).toBeGreaterThan(3);
      expect(regions.list.length).toBeLessThanOrEqual(7);
      for (const one of added) expect(regions.find(one).region).toBeGreaterThanOrEqual(0);
      regions.list.forEach((a, index) => {
        expect(a.end - a.start).toBeLessThanOrEqual(4096);
        for (const b of regions.list.slice(index + 1)) expect(a.memory !== b.memory || a.end <= b.start || b.end <= a.start).toBe(true);
      });
    }
  });
});
