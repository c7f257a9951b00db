import { describe, expect, it } from "vitest";
import { readFixture } from "../../fixtures/read-fixture.ts";
import { parseSentencePieceModel, SentencePieceTokenizer } from "../index.ts";

const model = parseSentencePieceModel(await readFixture("reference/unigram.model"));
const tokenizer = new SentencePieceTokenizer(model);

/** Every way to cut a normalised text without unknown characters, with its score. */
function everySegmentation(text: string): { ids: number[]; score: number }[] {
  if (text === "") return [{ ids: [], score: 0 }];
  const all: { ids: number[]; score: number }[] = [];
  for (let length = 1; length <= text.length; length++) {
    const id = tokenizer.pieceToId(text.slice(0, length));
    if (id === tokenizer.unknownId) continue;
    for (const rest of everySegmentation(text.slice(length))) all.push({ ids: [id, ...rest.ids], score: model.scores[id]! + rest.score });
  }
  return all;
}

describe("a lattice against plain enumeration", () => {
  it.each(["bus", "the dog", "table top", "sitting on"])("agrees for %j", (text) => {
    const all = everySegmentation(tokenizer.normalize(text)).sort((a, b) => b.score - a.score);
    const found = tokenizer.nBest(text, 1024);
    expect(found).toHaveLength(all.length);
    expect(new Set(found.map(({ ids }) => ids.join())).size).toBe(all.length);
    found.forEach(({ score }, rank) => expect(score).toBeCloseTo(all[rank]!.score, 9));
    for (const alpha of [0, 0.3, 1]) {
      const total = Math.log(all.reduce((sum, { score }) => sum + Math.exp(alpha * score), 0));
      let entropy = 0;
      for (const { ids, score } of all) {
        const logProbability = alpha * score - total;
        expect(tokenizer.logProbability(text, ids, alpha)).toBeCloseTo(logProbability, 9);
        entropy -= Math.exp(logProbability) * logProbability;
      }
      expect(tokenizer.entropy(text, alpha)).toBeCloseTo(entropy, 9);
    }
  });
  it("gives −Infinity for ids that do not spell the text", () => {
    expect(tokenizer.score("bus", tokenizer.encodeIds("dog"))).toBe(-Infinity);
    expect(tokenizer.score("bus", [])).toBe(-Infinity);
  });
  it("has one empty segmentation of nothing", () => {
    expect(tokenizer.nBest("", 3)).toMatchObject([{ pieces: [], score: 0 }]);
    expect(tokenizer.entropy("")).toBe(0);
  });
});
