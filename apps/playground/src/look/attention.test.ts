import { expect, test } from "vitest";
import { lookOf } from "./attention.ts";

// One layer, two heads, 2 × 2 patches and two words: rows of 7 keys, the class token in front.
const rows = (queries: number, from: number) => Float32Array.from({ length: 2 * queries * 7 }, (_, index) => from + index);
const maps = { heads: 2, patchesPerSide: 2, words: ["a", "b"], vision: [rows(5, 0)], language: [rows(2, 1000)] };

test("the attention of the class token, of a patch and of a word, by head and as the mean of all", () => {
  expect([...lookOf(maps, 0, 0, { kind: "class" }).patches]).toEqual([1, 2, 3, 4]);
  expect([...lookOf(maps, 0, 0, { kind: "class" }).words]).toEqual([5, 6]);
  expect([...lookOf(maps, 0, 1, { kind: "patch", patch: 1 }).patches]).toEqual([50, 51, 52, 53]);
  expect([...lookOf(maps, 0, undefined, { kind: "class" }).patches]).toEqual([18.5, 19.5, 20.5, 21.5]);
  expect([...lookOf(maps, 0, 1, { kind: "word", word: 1 }).words]).toEqual([1026, 1027]);
});
