import { TokenizerError } from "@multiway/errors";
import { key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { readFixture, readFixtureJson, readFixtureLines } from "../fixtures/read-fixture.ts";
import { parseSentencePieceModel, pieceType, SentencePieceTokenizer } from "./index.ts";
import { lookUp } from "./trie/byte-trie.ts";
import { utf8Bytes } from "./text/utf8.ts";
import { Vocabulary } from "./vocabulary.ts";

const open = async (name: string) => new SentencePieceTokenizer(parseSentencePieceModel(await readFixture(name)));
const strings = (await readFixtureLines<{ n: number; text: string }>("strings.jsonl")).map(({ text }) => text);

interface Expected {
  n: number;
  ids: number[];
  decoded: string;
  pieces?: string[];
  spans?: [number, number][];
}

describe("SentencePieceTokenizer", () => {
  it.each([
    "char-en-de",
    "test-ja",
    "test-unigram-1k",
    "trained-bpe-1k",
    "trained-bpe-bytefallback-1k",
    "trained-unigram-bytefallback-2k",
    "trained-unigram-identity",
    "trained-word-2k",
    "unilm3-cased-64k",
  ])("equals the reference library on 380 strings with %s", async (name) => {
    const tokenizer = await open(`models/${name}.model`);
    const expected = await readFixtureLines<Expected>(`expected/${name}.jsonl`);
    expect(expected).toHaveLength(380);
    for (const { n, ids, decoded, pieces, spans } of expected) {
      const encoding = tokenizer.encode(strings[n]!);
      expect([...encoding.ids]).toEqual(ids);
      expect([...tokenizer.encodeIds(strings[n]!)]).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
      if (pieces) expect(encoding.pieces).toEqual(pieces);
      if (spans) expect(Array.from(encoding.begins, (begin, index) => [begin, encoding.ends[index]])).toEqual(spans);
    }
  });

  it("equals the reference library where options are rare", async () => {
    type Row = [ids: number[], pieces: string[], begins: number[], ends: number[], decoded: string, decodedFromPieces: string];
    const expected = await readFixtureJson<{ strings: string[]; models: Record<string, Row[]> }>("options/expected.json");
    expect(Object.keys(expected.models)).toHaveLength(11);
    for (const [name, rows] of Object.entries(expected.models)) {
      const tokenizer = await open(`options/${name}.model`);
      expected.strings.forEach((text, index) => {
        const { ids, pieces, begins, ends } = tokenizer.encode(text);
        const row = [[...ids], pieces, [...begins], [...ends], tokenizer.decode(ids), tokenizer.decodePieces(pieces)];
        expect(row, `${name}: ${JSON.stringify(text)}`).toEqual(rows[index]);
      });
    }
  });

  it("finds the five best segmentations of the 64k vocabulary", async () => {
    const tokenizer = await open("models/unilm3-cased-64k.model");
    for (const { text, nbest5 } of await readFixtureJson<{ text: string; nbest5: number[][] }[]>("expected/nbest5-unilm3-cased-64k.json")) {
      const found = tokenizer.nBest(text, 5);
      // Segmentations of equal score may change places, so each is compared by its score.
      expect(found.map(({ score }) => score.toFixed(4))).toEqual(nbest5.map((ids) => tokenizer.score(text, ids).toFixed(4)));
    }
  });

  it("loses nothing with byte pieces and without normalisation", async () => {
    const tokenizer = await open("reference/bpe_bytes.model");
    const isClean = (text: string) => !text.includes("▁"); // a mark in the text comes back as a blank
    for (const text of strings.filter(isClean)) expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });

  it("covers the text from end to end with spans that never go back", async () => {
    for (const name of ["reference/unigram.model", "reference/bpe_bytes.model", "models/trained-word-2k.model"]) {
      const tokenizer = await open(name);
      for (const text of strings) {
        const { ids, pieces, begins, ends } = tokenizer.encode(text);
        expect([pieces.length, begins.length, ends.length]).toEqual([ids.length, ids.length, ids.length]);
        const length = [...text].length;
        for (let index = 0; index < ids.length; index++) {
          expect(begins[index]).toBeLessThanOrEqual(ends[index]!);
          if (index > 0) expect(begins[index]).toBe(ends[index - 1]);
          expect(ends[index]).toBeLessThanOrEqual(length);
        }
      }
    }
  });

  it("takes lone surrogates as U+FFFD and very long text in stride", async () => {
    const tokenizer = await open("models/unilm3-cased-64k.model");
    expect(tokenizer.encode("a\ud800b")).toEqual(tokenizer.encode("a\ufffdb"));
    const long = "x".repeat(200_000);
    expect(tokenizer.decode(tokenizer.encodeIds(long))).toBe(long);
  });

  it.each(["models/unilm3-cased-64k", "models/trained-bpe-1k", "models/trained-word-2k"])("takes a million characters with %s, in one word or in many", async (name) => {
    const tokenizer = await open(`${name}.model`);
    const started = performance.now();
    for (const part of ["x", "日本 "]) {
      const long = part.repeat(Math.ceil(1_000_000 / part.length));
      const ids = tokenizer.encodeIds(long);
      expect([...ids.subarray(0, 50)]).toEqual([...tokenizer.encodeIds(part.repeat(2000)).subarray(0, 50)]);
      expect(tokenizer.decode(ids).length).toBeGreaterThan(0);
    }
    expect(performance.now() - started).toBeLessThan(30_000);
  });

  it("takes a million characters that each become eighteen", async () => {
    const tokenizer = await open("models/unilm3-cased-64k.model");
    const [one, count] = ["\ufdfa", 1_000_000];
    const few = tokenizer.encode(one.repeat(1000));
    const started = performance.now();
    const ids = tokenizer.encodeIds(one.repeat(count));
    expect(ids.length).toBeGreaterThan(3 * count);
    expect(ids.subarray(0, 2000)).toEqual(few.ids.subarray(0, 2000));
    expect(tokenizer.normalize(one.repeat(count)).length).toBe(18 * count + 1);
    // Some 2 s; the machine may be busy.
    expect(performance.now() - started).toBeLessThan(30_000);
  }, 60_000);

  it("finds every piece by text and by id", async () => {
    const model = parseSentencePieceModel(await readFixture("models/unilm3-cased-64k.model"));
    const tokenizer = new SentencePieceTokenizer(model);
    const { trie } = new Vocabulary(model);
    model.pieces.forEach((piece, id) => {
      if (tokenizer.pieceToId(piece) !== id || tokenizer.idToPiece(id) !== piece) throw new Error(`piece ${id} got lost`);
      const bytes = utf8Bytes(piece);
      const wanted = model.types[id] === pieceType.normal ? id : -1;
      if (lookUp(trie, bytes, 0, bytes.length) !== wanted) throw new Error(`piece ${id} got lost in the trie`);
    });
    expect(tokenizer.pieceToId("no such piece")).toBe(tokenizer.unknownId);
    expect([tokenizer.unknownId, tokenizer.beginId, tokenizer.endId, tokenizer.paddingId]).toEqual([0, 1, 2, undefined]);
  });

  it("samples the same for the same key, and drops all merges at 1 and none at 0", async () => {
    const unigram = await open("reference/unigram.model");
    const draw = (seed: number) => unigram.sample("a dog on a mountain", { key: key(seed), alpha: 0.2 }).ids;
    expect(draw(1)).toEqual(draw(1));
    expect(new Set(Array.from({ length: 20 }, (_, seed) => draw(seed).join(" "))).size).toBeGreaterThan(5);
    const bpe = await open("reference/bpe.model");
    expect(bpe.sample("mountain", { key: key(1), alpha: 0 })).toEqual(bpe.encode("mountain"));
    expect(bpe.sample("mountain", { key: key(1), alpha: 1 }).pieces).toEqual([..."▁mountain"]);
  });

  it("refuses ids, texts and options that it cannot take", async () => {
    const tokenizer = await open("reference/unigram.model");
    expect(() => tokenizer.decode([5, 1600])).toThrow("decode: id 1 is 1600; an integer from 0 to 1599 is expected. Ids of another tokenizer may have been given.");
    expect(() => tokenizer.decode([-1])).toThrow("decode: id 0 is -1;");
    expect(() => tokenizer.decode([1.5])).toThrow("decode: id 0 is 1.5;");
    expect(() => tokenizer.idToPiece(Number.NaN)).toThrow("idToPiece: the id is NaN;");
    expect(() => tokenizer.encode(undefined as unknown as string)).toThrow("encode: the text is undefined; a string is expected.");
    expect(() => tokenizer.nBest("a", 0)).toThrow("nBest: count is 0; an integer from 1 to 1024 is expected.");
    expect(() => tokenizer.sample("a", { key: key(1), alpha: -1 })).toThrow("sample: alpha is -1; a number from 0 is expected.");
    expect(() => tokenizer.nBest("x".repeat(40_000), 1024)).toThrow("nBest: the text has 40003 bytes and count is 1024; their product may be 33554432 at most.");
    const bpe = await open("reference/bpe.model");
    expect(() => bpe.nBest("a", 2)).toThrow("nBest: the model's algorithm is bpe; nBest needs a unigram model.");
    expect(() => bpe.sample("a", { key: key(1), alpha: 2 })).toThrow("sample: alpha is 2; for a BPE model it is the probability of dropping a merge, 0 to 1.");
    const word = await open("models/trained-word-2k.model");
    expect(() => word.sample("a", { key: key(1), alpha: 0.5 })).toThrow(TokenizerError);
  });
});
