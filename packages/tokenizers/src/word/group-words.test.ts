import { describe, expect, it } from "vitest";
import { groupWords } from "../index.ts";

const spans = (groups: { begin: number; end: number }[]) => groups.map(({ begin, end }) => [begin, end]);

describe("groupWords", () => {
  it("starts a word at each mark", () => {
    expect(spans(groupWords(["▁a", "▁surf", "board", "er", "▁", "x", "."]))).toEqual([[0, 1], [1, 4], [4, 7]]);
  });
  it("starts one at the beginning, with or without a mark", () => {
    expect(spans(groupWords(["surf", "board", "▁a"]))).toEqual([[0, 2], [2, 3]]);
    expect(groupWords([])).toEqual([]);
  });
  it("leaves out what is excluded, and starts anew after it", () => {
    const pieces = ["<s>", "▁a", "b", "<mask>", "c", "</s>", "<pad>"];
    expect(spans(groupWords(pieces, { isExcluded: (index) => pieces[index]!.startsWith("<") }))).toEqual([[1, 3], [4, 5]]);
  });
  it("ends a word at each mark when blanks stand behind words", () => {
    expect(spans(groupWords(["a▁", "surf", "board▁", "x"], { whitespaceAsSuffix: true }))).toEqual([[0, 1], [1, 3], [3, 4]]);
  });
});
