import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { digamma } from "./digamma.ts";
import { resolveOptions } from "./options.ts";
import { findSeedPieces } from "./seed-pieces.ts";
import { sortSuffixes } from "./suffix-array.ts";

describe("digamma", () => {
  it("takes its known values", () => {
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 11);
    expect(digamma(0.5)).toBeCloseTo(-1.9635100260214235, 11);
    expect(digamma(100)).toBeCloseTo(4.600161852738087, 11);
    for (const x of [0.1, 1.7, 9.9, 1e6]) expect(digamma(x + 1) - digamma(x)).toBeCloseTo(1 / x, 9);
  });
});

describe("sortSuffixes", () => {
  it.each([0, 1, 2, 31, 400])("sorts %i random symbols as plain comparison does", (length) => {
    const symbols = Int32Array.from(key(length).bits(length), (word) => word % 3);
    const text = (place: number) => symbols.subarray(place, place + 16).join("");
    const order = sortSuffixes(symbols, 3, 16);
    expect([...order].sort((a, b) => a - b)).toEqual([...symbols.keys()]);
    for (let index = 1; index < length; index++) expect(text(order[index - 1]!) <= text(order[index]!)).toBe(true);
  });
});

describe("findSeedPieces", () => {
  it("counts every substring that cannot grow without becoming rarer", () => {
    const words = { abab: 3, ab: 2, cab: 1 };
    const characters = Int32Array.from(Object.keys(words).join(""), (letter) => letter.codePointAt(0)!);
    const list = { characters, starts: Int32Array.of(0, 4, 6, 9), counts: Float64Array.from(Object.values(words)), alphabet: [97, 98, 99] };
    const pieces = findSeedPieces(list, resolveOptions({ vocabularySize: 10 }));
    const found = Object.fromEntries(
      Array.from({ length: pieces.count }, (_, index) => [
        String.fromCodePoint(...characters.subarray(pieces.begins[index]!, pieces.begins[index]! + pieces.lengths[index]!)),
        pieces.frequencies[index],
      ]),
    );
    // "ab" stands twice in "abab"; "bab" and "aba" always grow to "abab"; "cab" occurs once.
    expect(found).toEqual({ a: 9, b: 9, c: 1, ab: 9, abab: 3, bab: 3 });
  });
});
