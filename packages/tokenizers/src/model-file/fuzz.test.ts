import { TokenizerError } from "@multiway/errors";
import { key, type Key } from "@multiway/random";
import { expect, it } from "vitest";
import { readFixture } from "../../fixtures/read-fixture.ts";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "../index.ts";

const names = ["unigram-own-rules", "unigram-suffix", "unigram-unused", "unigram-plain-blanks", "bpe-unused", "bpe-across-blanks", "character-user-defined", "word-suffix"];
const models = await Promise.all(names.map((name) => readFixture(`options/${name}.model`)));
const text = "A B\u0301c xyz \u3042 a dog on 日本 <mask> \ufb01sh\ud800 ";
const trials = 2000;

/** A copy with one to four kinds of damage. Half of it goes to the end, where rules and options are. */
function damage(bytes: Uint8Array, draw: Key): Uint8Array {
  let result = bytes.slice();
  for (let hit = 1; hit <= 1 + draw.fold(0).integer(0, 4) && result.length > 700; hit++) {
    const [forPlace, forKind, forValue, forLength] = draw.fold(hit).split(4) as [Key, Key, Key, Key];
    const at = forPlace.integer(hit % 2 === 0 ? 0 : result.length - 600, result.length);
    const stretch = Math.min(result.length - at, forLength.integer(1, 64));
    switch (forKind.integer(0, 6)) {
      case 0:
        result[at]! ^= 1 << forValue.integer(0, 8);
        break;
      case 1:
        result.fill([0, 255, 127, 128][forValue.integer(0, 4)]!, at, at + Math.min(stretch, 4));
        break;
      case 2:
        result.copyWithin(at, at + stretch);
        result = result.subarray(0, result.length - stretch);
        break;
      case 3:
        result.copyWithin(forValue.integer(0, result.length), at, at + stretch);
        break;
      default:
        result[at] = forValue.integer(0, 256);
    }
  }
  return draw.fold(9).number() < 0.05 ? result.subarray(0, draw.fold(10).integer(0, result.length)) : result;
}

it(`${trials} damaged files give a working tokenizer or a typed error, and no long wait`, () => {
  let refused = 0;
  let slowestMs = 0;
  for (let trial = 0; trial < trials; trial++) {
    const started = performance.now();
    try {
      const tokenizer = new SentencePieceTokenizer(parseSentencePieceModel(damage(models[trial % models.length]!, key(99).fold(trial))));
      const { ids, pieces, begins, ends } = tokenizer.encode(text);
      expect([pieces.length, begins.length, ends.length]).toEqual([ids.length, ids.length, ids.length]);
      expect(typeof tokenizer.decode(ids)).toBe("string");
      new XlmRobertaTokenizer(tokenizer).encode(text, { maxLength: 20, pads: true });
      if (tokenizer.model.trainer.algorithm === "unigram") tokenizer.nBest(text, 3);
    } catch (error) {
      if (!TokenizerError.isInstance(error)) throw error;
      refused++;
    }
    slowestMs = Math.max(slowestMs, performance.now() - started);
  }
  expect(refused).toBeGreaterThan(trials / 4);
  expect(refused).toBeLessThan(trials * 0.95);
  expect(slowestMs).toBeLessThan(5000);
}, 60_000);
