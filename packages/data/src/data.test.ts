import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { bucketFor, padRows, Prefetcher, ShuffledSampler } from "./index.ts";

describe("ShuffledSampler", () => {
  const make = () => new ShuffledSampler({ count: 10, batchSize: 4, key: key(1) });
  it("goes through everything once per pass, in another order each time", () => {
    const sampler = make();
    const seen = Array.from({ length: 5 }, (_, index) => sampler.batch(index)).flat();
    const sorted = (items: number[]) => [...items].sort((a, b) => a - b);
    expect(sorted(seen.slice(0, 10))).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(sorted(seen.slice(10, 20))).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(seen.slice(0, 10)).not.toEqual(seen.slice(10, 20));
  });
  it("gives the same batch whatever was asked before", () => {
    const fresh = make().batch(7);
    const used = make();
    used.batch(0);
    used.batch(12);
    expect(used.batch(7)).toEqual(fresh);
  });
  it("refuses an empty data set", () => {
    expect(() => new ShuffledSampler({ count: 0, batchSize: 4, key: key(1) })).toThrow("ShuffledSampler: the data set holds 0 items; expected at least one.");
  });
});

describe("padding", () => {
  it("takes the smallest bucket that holds a length", () => {
    expect([1, 8, 9, 16].map((length) => bucketFor(length, [16, 8]))).toEqual([8, 8, 16, 16]);
    expect(() => bucketFor(17, [16, 8])).toThrow("bucketFor: length 17 is above the largest bucket, 16; cut the sequence, or add a bucket.");
  });
  it("fills rows up and marks what it filled", () => {
    const { values, isPadding } = padRows([[5, 6], [7]], 3, 1);
    expect([...values]).toEqual([5, 6, 1, 7, 1, 1]);
    expect([...isPadding]).toEqual([0, 0, 1, 0, 1, 1]);
  });
});

describe("Prefetcher", () => {
  it("starts what comes next while an item is used, and makes each once", async () => {
    const made: number[] = [];
    const prefetcher = new Prefetcher((index) => {
      made.push(index);
      return index * 10;
    });
    expect(await prefetcher.take(0)).toBe(0);
    await Promise.resolve();
    expect(made).toEqual([0, 1, 2]);
    expect(await prefetcher.take(1)).toBe(10);
    expect(await prefetcher.take(2)).toBe(20);
    await Promise.resolve();
    expect(made).toEqual([0, 1, 2, 3, 4]);
  });
  it("hands a failure to whoever takes the item", async () => {
    const prefetcher = new Prefetcher((index) => {
      if (index === 1) throw new Error("no item 1");
      return index;
    });
    expect(await prefetcher.take(0)).toBe(0);
    await expect(prefetcher.take(1)).rejects.toThrow("no item 1");
  });
});
