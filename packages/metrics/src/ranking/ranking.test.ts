import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../fixtures/read-fixture.ts";
import { bestRanks, meanScoreOfBest, recallAt, retrievalRecall, topKAccuracy } from "../index.ts";

const { scores, owner, ...expected } = await readFixtureJson<{
  scores: number[][];
  owner: number[];
  text_to_image_recall: Record<string, number>;
  image_to_text_recall: Record<string, number>;
}>("retrieval/recall.json");

describe("retrievalRecall", () => {
  it("gives the official recall, several texts to a picture", () => {
    const { imageToText, textToImage, mean } = retrievalRecall(scores.flat(), owner);
    for (const [found, wanted] of [[imageToText, expected.image_to_text_recall], [textToImage, expected.text_to_image_recall]] as const) {
      expect([found.recallAt1, found.recallAt5, found.recallAt10].map((share) => Number(share.toFixed(9)))).toEqual([wanted["1"], wanted["5"], wanted["10"]]);
    }
    const six = [...Object.values(expected.image_to_text_recall), ...Object.values(expected.text_to_image_recall)];
    expect(mean).toBeCloseTo(six.reduce((sum, share) => sum + share / 6, 0), 8);
  });
  it("does not depend on the order of texts", () => {
    const order = owner.map((_, text) => text).reverse();
    const turned = scores.map((row) => order.map((text) => row[text]!));
    expect(retrievalRecall(turned.flat(), order.map((text) => owner[text]!))).toEqual(retrievalRecall(scores.flat(), owner));
  });
  it("refuses what it cannot rank", () => {
    expect(() => retrievalRecall([1, 2, 3], [0, 0])).toThrow("retrievalRecall: similarity has 3 elements; expected 4, for [2, 2].");
    expect(() => retrievalRecall([], [0])).toThrow("retrievalRecall: similarity has 0 elements; expected 1, for [1, 1].");
    expect(() => retrievalRecall([], [])).toThrow("retrievalRecall: no texts are given; expected at least one.");
    expect(() => retrievalRecall([1, 2], [0, 1])).toThrow("retrievalRecall: text 1 belongs to picture 1; expected a whole number from 0 to 0, a row of similarity.");
    expect(() => retrievalRecall([1, 2, NaN, 4], [0, 1])).toThrow("retrievalRecall: similarity [1, 0] is NaN; expected numbers, of which the largest can be told.");
  });
});

describe("recallAt", () => {
  it("counts queries with a right answer among the best; of equals the lower comes first", () => {
    // Three queries, four candidates; query i is answered by candidate i.
    const similarity = [0.9, 0.1, 0.2, 0.3, 0.5, 0.5, 0.1, 0, 0.9, 0.8, 0.1, 0.7];
    const isRight = (query: number, candidate: number) => query === candidate;
    const { recallAt1, recallAt5 } = recallAt(similarity, 3, 4, isRight);
    expect(recallAt1).toBeCloseTo(1 / 3);
    expect(recallAt5).toBe(1);
    expect(bestRanks(similarity, 3, 4, isRight)).toEqual([1, 2, 4]);
  });
  it("of several right answers takes the best", () => {
    expect(recallAt([0.1, 0.9, 0.5], 1, 3, (_, candidate) => candidate !== 1).recallAt1).toBe(0);
    expect(recallAt([0.1, 0.9, 0.5], 1, 3, (_, candidate) => candidate !== 0).recallAt1).toBe(1);
  });
  it("misses a query that nothing answers, and one whose answers are infinitely unlike", () => {
    expect(bestRanks([1, -Infinity, 1, 2], 2, 2, (query, candidate) => query === 0 && candidate === 1)).toEqual([Infinity, Infinity]);
    expect(recallAt([1, 2], 1, 2, () => false)).toEqual({ recallAt1: 0, recallAt5: 0, recallAt10: 0 });
  });
  it("refuses no queries and wrong sizes", () => {
    expect(() => recallAt([], 0, 3, () => true)).toThrow("recallAt: there are no queries; expected at least one.");
    expect(() => recallAt([1, 2], 1, 3, () => true)).toThrow("recallAt: similarity has 2 elements; expected 3, for [1, 3].");
  });
});

describe("topKAccuracy", () => {
  const logits = [0.1, 0.7, 0.2, 0.5, 0.5, 0, 3, 2, 1];
  const accuracy = (k: number) => topKAccuracy(logits, [1, 1, 2], { classes: 3, k });
  it("counts targets among the k highest; of equals the lower class counts as the higher", () => {
    expect(accuracy(1)).toEqual({ correct: 1, count: 3, accuracy: 1 / 3 });
    expect(accuracy(2)).toEqual({ correct: 2, count: 3, accuracy: 2 / 3 });
    expect(accuracy(3).accuracy).toBe(1);
    expect(accuracy(99).accuracy).toBe(1);
  });
  it("refuses what is no class, no k, no number", () => {
    expect(() => topKAccuracy(logits, [1, 3, 2], { classes: 3 })).toThrow("topKAccuracy: target 1 is 3; expected a class from 0 to 2.");
    expect(() => accuracy(0)).toThrow("topKAccuracy: k is 0; expected a whole number, 1 or more.");
    expect(() => topKAccuracy(logits, [1, 1], { classes: 3 })).toThrow("topKAccuracy: scores has 9 elements; expected 6, for [2, 3].");
    expect(() => topKAccuracy([0, NaN], [1], { classes: 2 })).toThrow("topKAccuracy: scores [0, 1] is NaN");
    expect(() => topKAccuracy([], [], { classes: 2 })).toThrow("topKAccuracy: no targets are given");
  });
});

describe("meanScoreOfBest", () => {
  it("reads the targets at the highest logits; of equals the first", () => {
    expect(meanScoreOfBest([0, 1, 5, 5], [0.3, 0.9, 1, 0], { answers: 2 })).toBeCloseTo(0.95);
  });
  it("refuses unequal sizes and NaN", () => {
    expect(() => meanScoreOfBest([0, 1, 2], [0, 1], { answers: 2 })).toThrow("meanScoreOfBest: 3 logits and 2 targets are given; expected as many of one as of the other, item by item.");
    expect(() => meanScoreOfBest([0, 1, 2], [0, 1, 0], { answers: 2 })).toThrow("meanScoreOfBest: logits has 3 elements; expected 4, for [2, 2].");
    expect(() => meanScoreOfBest([0, NaN], [0, 1], { answers: 2 })).toThrow("meanScoreOfBest: logits [0, 1] is NaN");
  });
});
