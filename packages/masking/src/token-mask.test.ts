import { key } from "@multiway/random";
import { expect, it } from "vitest";
import { drawsFrom, maskCaption, maskTokens, type TokenMaskOptions } from "./index.ts";

const options: TokenMaskOptions = { ratio: 0.15, maskId: 99, randomIds: [4, 99] };
const text = (length: number) => Int32Array.from({ length }, (_, place) => (place === 0 ? 0 : place === length - 1 ? 2 : 10 + (place % 50)));
const inside = (length: number) => Array.from({ length: Math.max(0, length - 2) }, (_, place) => place + 1);

it.each([
  [3, 0.15, 1],
  [12, 0.15, 2],
  [22, 0.15, 3],
  [22, 0.5, 10],
  [7, 0.5, 3],
])("of a text of %i tokens at ratio %f, %i are hidden", (length, ratio, count) => {
  const result = maskTokens(text(length), inside(length), { ...options, ratio }, drawsFrom(key(length)));
  expect(result.positions).toHaveLength(count);
  expect(new Set(result.positions).size).toBe(count);
  expect(result.targets).toEqual(result.positions.map((position) => text(length)[position]));
});

it.each([
  [3, 0.5, 2],
  [4, 0.5, 2],
  [5, 0.5, 3],
  [12, 0.5, 6],
  [6, 0.1, 1],
  [3, 1, 2],
])("of a caption of %i tokens at ratio %f, %i are hidden: never the first, sometimes the last", (length, ratio, count) => {
  const places = new Set<number>();
  for (let seed = 0; seed < 60; seed++) {
    const { positions } = maskCaption(text(length), { ...options, ratio }, drawsFrom(key(seed)));
    expect(positions).toHaveLength(count);
    for (const place of positions) places.add(place);
  }
  expect([...places].sort((a, b) => a - b)).toEqual(Array.from({ length: length - 1 }, (_, place) => place + 1));
});

it("changes nothing but hidden places, never the ends, and leaves the input alone", () => {
  const original = text(40);
  const before = original.slice();
  const { ids, positions } = maskTokens(original, inside(40), { ...options, ratio: 0.5 }, drawsFrom(key(1)));
  expect(original).toEqual(before);
  ids.forEach((id, place) => {
    if (!positions.includes(place)) expect(id).toBe(original[place]);
  });
  expect(positions).not.toContain(0);
  expect(positions).not.toContain(39);
});

it("replaces eight of ten by <mask>, one by a random piece, and keeps one", () => {
  let [masks, kept, random] = [0, 0, 0];
  for (let seed = 0; seed < 400; seed++) {
    const original = text(42);
    const { ids, positions } = maskTokens(original, inside(42), { ...options, ratio: 0.5 }, drawsFrom(key(seed)));
    for (const place of positions) {
      if (ids[place] === 99) masks++;
      else if (ids[place] === original[place]) kept++;
      else random++;
      expect(ids[place]).toBeLessThanOrEqual(99);
    }
  }
  const total = masks + kept + random;
  expect(masks / total).toBeCloseTo(0.8, 1.5);
  expect(kept / total).toBeCloseTo(0.1, 1.5);
  expect(random / total).toBeCloseTo(0.1, 1.5);
});

it("hides whole words where words are given", () => {
  const words = [[1, 2, 3], [4], [5, 6], [7, 8]];
  for (let seed = 0; seed < 20; seed++) {
    const { positions } = maskTokens(text(10), inside(10), { ...options, ratio: 0.4, words }, drawsFrom(key(seed)));
    for (const word of words) expect([0, word.length]).toContain(word.filter((place) => positions.includes(place)).length);
  }
});

it("hides nothing in an empty text, and refuses shares that are none", () => {
  expect(maskTokens(Int32Array.of(0, 2), [], options, drawsFrom(key(0))).positions).toEqual([]);
  expect(() => maskTokens(text(5), inside(5), { ...options, ratio: 0 }, drawsFrom(key(0)))).toThrow("maskTokens: ratio is 0; expected a number above 0, up to 1.");
});
