import { TokenizerError } from "@multiway/errors";
import { describe, expect, it } from "vitest";
import { readFixture } from "../../fixtures/read-fixture.ts";
import { parseSentencePieceModel, pieceType, SentencePieceTokenizer, writeSentencePieceModel, type SentencePieceModel } from "../index.ts";

const names = ["reference/unigram", "reference/bpe_bytes", "models/char-en-de", "models/trained-word-2k", "options/unigram-own-rules"];
const small = await readFixture("reference/bpe_bytes.model");

/** Comparing the rules byte by byte would take seconds. */
function comparable({ normalizer, ...rest }: SentencePieceModel) {
  return { ...rest, normalizer: { ...normalizer, rules: Buffer.from(normalizer.rules).toString("base64") } };
}

/** A model with one unknown piece and the given ones. */
function modelOf(pieces: string[], change: Partial<SentencePieceModel> = {}): SentencePieceModel {
  const base = parseSentencePieceModel(small);
  const types = Uint8Array.from([pieceType.unknown, ...pieces.map(() => pieceType.normal)]);
  return { ...base, pieces: ["<unk>", ...pieces], scores: new Float32Array(types.length), types, trainer: { ...base.trainer, byteFallback: false }, ...change };
}

describe("parseSentencePieceModel", () => {
  it.each(names)("reads what writeSentencePieceModel wrote: %s", async (name) => {
    const model = parseSentencePieceModel(await readFixture(`${name}.model`));
    const bytes = writeSentencePieceModel(model);
    expect(comparable(parseSentencePieceModel(bytes))).toEqual(comparable(model));
    expect(Buffer.compare(writeSentencePieceModel(parseSentencePieceModel(bytes)), bytes)).toBe(0);
  });

  it("keeps fields that it does not know, and negative numbers in them", async () => {
    const bytes = await readFixture("models/unilm3-cased-64k.model");
    const model = parseSentencePieceModel(bytes);
    const again = parseSentencePieceModel(writeSentencePieceModel(model));
    expect(model.trainer.otherFields.length).toBeGreaterThan(50);
    expect(again.trainer.otherFields).toEqual(model.trainer.otherFields);
  });

  it("refuses a file that is cut anywhere", () => {
    for (let length = 0; length < small.length; length += length < 300 ? 1 : 97) {
      expect(() => parseSentencePieceModel(small.subarray(0, length)), `${length} bytes`).toThrow(TokenizerError);
    }
  });

  it("allocates nothing for a length that is not there", () => {
    // Field 1, 2³² − 1 bytes; then a length of 2⁶³.
    const claims = [Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2), Uint8Array.of(0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)];
    expect(() => parseSentencePieceModel(claims[0]!)).toThrow("a field at byte 0 claims 4294967295 bytes, but 2 are left");
    expect(() => parseSentencePieceModel(claims[1]!)).toThrow("a field at byte 0 claims 9223372036854776000 bytes, but 0 are left");
    expect(() => parseSentencePieceModel(new Uint8Array(20).fill(0xff))).toThrow("a number at byte 0 is longer than 10 bytes");
  });

  it("says what is wrong with another file", () => {
    expect(() => parseSentencePieceModel(new Uint8Array(0))).toThrow("parseSentencePieceModel: the model has 0 bytes; a SentencePiece .model file is expected. Check that the file was downloaded.");
    expect(() => parseSentencePieceModel("model" as unknown as Uint8Array)).toThrow('parseSentencePieceModel: the model is "model"; a Uint8Array with the whole file is expected.');
    const text = (content: string) => new TextEncoder().encode(content);
    expect(() => parseSentencePieceModel(text('{"version": "1.0", "truncation": null}'))).toThrow(/^parseSentencePieceModel: .*; a SentencePiece \.model file is expected\./);
    expect(() => parseSentencePieceModel(text("version https://git-lfs.github.com/spec/v1\n"))).toThrow(TokenizerError);
    expect(() => parseSentencePieceModel(small.subarray(0, 16))).toThrow("there are 1 pieces, but no trainer_spec behind them; a whole SentencePiece .model file has both. The file is truncated.");
    // A protocol buffer of another kind: field 7 with text.
    expect(() => parseSentencePieceModel(Uint8Array.of(0x3a, 1, 65))).toThrow("the vocabulary is empty; at least the unknown piece is expected.");
    expect(() => parseSentencePieceModel(Uint8Array.of(0x08, 1))).toThrow("pieces at byte 0 has wire type 0; 2 is expected");
  });
});

describe("a model that contradicts itself", () => {
  it.each([
    [modelOf(["a", "a"]), 'pieces 1 and 2 are both "a"; every piece may stand once.'],
    [modelOf([""]), "piece 1 is empty; every piece needs at least one character."],
    [modelOf(["a"], { scores: Float32Array.of(0, Number.NaN) }), 'piece 1 ("a") has score NaN; a finite number is expected.'],
    [modelOf(["a"], { scores: Float32Array.of(0) }), "there are 2 pieces, 1 scores and 2 types; the three must be equally many."],
    [modelOf(["a"], { types: Uint8Array.of(1, 1) }), 'no piece has the type "unknown"; exactly one is expected.'],
    [modelOf(["a"], { types: Uint8Array.of(2, 2) }), 'pieces 0 and 1 both have the type "unknown"; exactly one is expected.'],
    [modelOf(["a"], { types: Uint8Array.of(2, 9) }), 'piece 1 ("a") has type 9; types 1 to 6 are accepted.'],
    [modelOf(["<0x41>"], { types: Uint8Array.of(2, 6) }), 'piece 1 ("<0x41>") is a byte piece, but the model has byte_fallback off;'],
    [modelOf(["a"], { trainer: { ...modelOf([]).trainer, byteFallback: true } }), "byte_fallback is on, but 0 of the 256 byte pieces are there; all are expected."],
    [modelOf([], { pieces: [], scores: new Float32Array(0), types: new Uint8Array(0) }), "the vocabulary is empty;"],
    [modelOf(["a".repeat(5000)]), "piece 1 is 5000 characters long; at most 1024 are accepted."],
  ])("is refused by both ends (%#)", (model, message) => {
    expect(() => new SentencePieceTokenizer(model)).toThrow(`SentencePieceTokenizer: ${message}`);
    expect(() => writeSentencePieceModel(model)).toThrow(`writeSentencePieceModel: ${message}`);
  });

  it.each([
    [Uint8Array.of(1, 0), "the normalisation rules have 2 bytes and name a trie of 0;"],
    [Uint8Array.of(0xfc, 0xff, 0xff, 0xff, 1, 2, 3, 4), "the normalisation rules have 8 bytes and name a trie of 4294967292;"],
    [Uint8Array.from({ length: 3000 }, (_, index) => (index === 0 ? 4 : index < 8 ? 0 : 65)), "a normalisation rule writes 2992 bytes; at most 256 are accepted."],
  ])("is refused for its rules (%#)", (rules, message) => {
    const model = modelOf(["a"]);
    expect(() => new SentencePieceTokenizer({ ...model, normalizer: { ...model.normalizer, rules } })).toThrow(`SentencePieceTokenizer: ${message}`);
  });

  it("works with the unknown piece alone", () => {
    const tokenizer = new SentencePieceTokenizer(modelOf([]));
    expect([...tokenizer.encode("ab").ids]).toEqual([0]);
    expect(tokenizer.encode("").ids).toHaveLength(0);
  });
});
