import { expect, test } from "vitest";
import { batchSizes, inBatches, sideBySide } from "./batches.ts";

test("batches are powers of two up to the largest", () => {
  expect(batchSizes(19, 8)).toEqual([8, 8, 2, 1]);
  expect(batchSizes(19, 7)).toEqual([4, 4, 4, 4, 2, 1]);
  expect(batchSizes(1, 8)).toEqual([1]);
  expect(batchSizes(0, 8)).toEqual([]);
  for (let count = 0; count < 70; count++) expect(batchSizes(count, 16).reduce((sum, size) => sum + size, 0)).toBe(count);
});

test("items of one width form batches, and results keep the items' order", async () => {
  const seen: string[] = [];
  const words = ["a", "bb", "c", "dd", "e", "ff", "g"];
  const results = await inBatches(words, { batchSize: 2, widthOf: (word) => word.length }, async (batch, width) => {
    seen.push(`${width}: ${batch.join()}`);
    return batch.map((word) => word.toUpperCase());
  });
  expect(results).toEqual(words.map((word) => word.toUpperCase()));
  expect(seen).toEqual(["1: a,c", "1: e,g", "2: bb,dd", "2: ff"]);
});

test("no batch begins after the signal", async () => {
  const controller = new AbortController();
  let batches = 0;
  const run = inBatches([1, 2, 3], { batchSize: 1, signal: controller.signal }, async (batch) => {
    if (++batches === 2) controller.abort(new Error("enough"));
    return batch;
  });
  await expect(run).rejects.toThrow("enough");
  expect(batches).toBe(2);
});

test("what belongs together comes in equal numbers", () => {
  expect(sideBySide("f", ["pictures", "texts"], "a", "b")).toEqual({ isMany: false, pairs: [{ first: "a", second: "b" }] });
  expect(sideBySide("f", ["pictures", "texts"], ["a"], ["b"]).isMany).toBe(true);
  expect(() => sideBySide("f", ["pictures", "texts"], ["a", "b"], "c")).toThrow("f: a list of 2 pictures beside one of the texts; expected as many of each, or one and one. Repeat what belongs to several.");
});
