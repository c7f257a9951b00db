import { OptionError } from "@multiway/errors";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { beamSearch, type CaptionTokens } from "./index.ts";

const tokens: CaptionTokens = { first: 0, padding: 1, last: 2, mask: 3 };
const vocabulary = 6;

/** Log probabilities that depend on a picture and the whole sentence so far, as a model's do. */
function language(seed: number, numBeams: number) {
  let sentences: number[][] = [];
  const logProbabilities = (picture: number, sentence: readonly number[]): Float32Array => {
    let of = key(seed).fold(picture);
    for (const word of sentence) of = of.fold(word);
    const scores = of.normal(vocabulary).map((x) => 2 * x);
    const total = Math.log(scores.reduce((sum, x) => sum + Math.exp(x), 0));
    return scores.map((x) => x - total);
  };
  const next = (given: Int32Array, continues: Int32Array | undefined): Promise<Float32Array> => {
    sentences = Array.from({ length: given.length / 2 }, (_, row) => [...(continues ? sentences[continues[row]!]! : []), given[2 * row]!]);
    return Promise.resolve(Float32Array.from(sentences.flatMap((sentence, row) => [...logProbabilities(Math.floor(row / numBeams), sentence)])));
  };
  return { next, logProbabilities };
}

/** Every sentence that may be written, with its score. */
function allSentences(of: (sentence: readonly number[]) => Float32Array, { lengthPenalty, maxLength }: { lengthPenalty: number; maxLength: number }): { ids: number[]; score: number }[] {
  const found: { ids: number[]; score: number }[] = [];
  const go = (sentence: number[], sum: number): void => {
    const length = sentence.length + 1;
    of(sentence).forEach((logProbability, word) => {
      const now = sum + logProbability;
      if (word === tokens.last || length + 1 === maxLength) found.push({ ids: sentence, score: now / length ** lengthPenalty });
      else go([...sentence, word], now);
    });
  };
  go([tokens.first], 0);
  return found.sort((a, b) => b.score - a.score);
}

describe("beam search", () => {
  it.each([1, 2, 3, 4, 5])("with enough beams finds the best sentence of all (language %i)", async (seed) => {
    const options = { numBeams: 250, lengthPenalty: 0.6, maxLength: 5 };
    const { next, logProbabilities } = language(seed, options.numBeams);
    const { captions } = await beamSearch(2, next, tokens, options);
    captions.forEach(({ ids, score }, picture) => {
      const [best] = allSentences((sentence) => logProbabilities(picture, sentence), options);
      expect(score).toBeCloseTo(best!.score, 4);
      expect(ids).toEqual(best!.ids);
    });
  });

  it("with one beam takes the likeliest word each time", async () => {
    const { next, logProbabilities } = language(9, 1);
    const { captions } = await beamSearch(1, next, tokens, { numBeams: 1, maxLength: 8 });
    const sentence = [tokens.first];
    while (sentence.length < captions[0]!.ids.length) {
      const row = logProbabilities(0, sentence);
      // A sentence may end where ending is second or third; it goes on with the likeliest other word.
      row[tokens.last] = -Infinity;
      sentence.push(row.indexOf(Math.max(...row)));
    }
    expect(captions[0]!.ids).toEqual(sentence);
  });

  it("pictures do not touch each other, and of each the best finished sentence is returned", async () => {
    const options = { numBeams: 3, maxLength: 9 };
    const together = await beamSearch(3, language(4, 3).next, tokens, options);
    together.finished.forEach((sentences, picture) => expect(Math.max(...sentences.map(({ score }) => score))).toBe(together.captions[picture]!.score));
    const first = await beamSearch(1, language(4, 3).next, tokens, options);
    expect(first.captions[0]).toEqual(together.captions[0]);
    expect(together.steps).toBeLessThanOrEqual(8);
  });

  it("stops when it is told to, and refuses what it cannot do", async () => {
    const { next } = language(1, 3);
    const stop = new AbortController();
    let calls = 0;
    const counted = (given: Int32Array, continues: Int32Array | undefined): Promise<Float32Array> => {
      if (++calls === 2) stop.abort(new Error("enough"));
      return next(given, continues);
    };
    await expect(beamSearch(1, counted, tokens, { signal: stop.signal, maxLength: 20, lengthPenalty: 3 })).rejects.toThrow("enough");
    expect(calls).toBe(2);
    await expect(beamSearch(1, next, tokens, { numBeams: 0 })).rejects.toThrow(OptionError);
    await expect(beamSearch(1, next, tokens, { maxLength: 2 })).rejects.toThrow(OptionError);
  });
});
