import { describe, expect, it } from "vitest";
import { readFixture, readFixtureLines } from "../../fixtures/read-fixture.ts";
import { cleanUpSpaces, encodeForTask, parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer, type TextTask } from "../index.ts";

const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(await readFixture("models/unilm3-cased-64k.model"))));
const piecesOf = (text: string) => Array.from(tokenizer.tokenize(text), (id) => tokenizer.idToPiece(id));

describe("XlmRobertaTokenizer", () => {
  it("numbers 329 strings as BEiT-3 does", async () => {
    const strings = await readFixtureLines<{ text: string }>("strings.jsonl");
    const expected = await readFixtureLines<{ n: number; beit3_ids: number[] }>("expected/beit3-ids.jsonl");
    expect(expected).toHaveLength(329);
    for (const { n, beit3_ids: ids } of expected) expect([...tokenizer.encode(strings[n]!.text).ids]).toEqual(ids);
  });
  it("has the specials of the release", () => {
    expect(["<s>", "<pad>", "</s>", "<unk>", "<mask>"].map((name) => tokenizer.pieceToId(name))).toEqual([0, 1, 2, 3, 64001]);
    expect([0, 1, 2, 3, 64001].map((id) => tokenizer.idToPiece(id))).toEqual(["<s>", "<pad>", "</s>", "<unk>", "<mask>"]);
    expect(tokenizer.vocabularySize).toBe(64002);
    expect(tokenizer.pieceToId("▁the")).toBe(4);
    expect(tokenizer.idToPiece(64000)).toBe(tokenizer.sentencePiece.idToPiece(63999));
    expect([0, 3, 4, 64001].map((id) => tokenizer.isSpecial(id))).toEqual([true, true, false, true]);
  });
  it("frames, cuts and pads", () => {
    const tokens = [...tokenizer.tokenize("a dog on a bus")];
    expect(tokenizer.encode("a dog on a bus", { maxLength: 9, pads: true })).toEqual({
      ids: Int32Array.of(0, ...tokens, 2, 1, 1),
      isPadding: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1),
    });
    expect([...tokenizer.encode("a dog on a bus", { maxLength: 4, pads: true }).ids]).toEqual([0, tokens[0], tokens[1], 2]);
    expect([...tokenizer.encode("a dog on a bus", { maxLength: 64 }).ids]).toEqual([0, ...tokens, 2]);
    expect([...tokenizer.encode("").ids]).toEqual([0, 2]);
    expect(tokenizer.frame(tokens, { maxLength: 64, pads: true })).toEqual(tokenizer.encode("a dog on a bus", { maxLength: 64, pads: true }));
  });
  it("recognises special names in text; the mask swallows blanks at its left", () => {
    expect(piecesOf("a <mask> on a <mask>.")).toEqual(["▁a", "<mask>", "▁on", "▁a", "<mask>", ...piecesOf(".")]);
    expect(piecesOf("a \t\u00a0<mask>")).toEqual(["▁a", "<mask>"]);
    expect(piecesOf("<mask><mask>")).toEqual(["<mask>", "<mask>"]);
    expect(piecesOf("  <mask>")).toEqual(["<mask>"]);
    expect(piecesOf("<s>a</s>")).toEqual(["<s>", "▁a", "</s>"]);
    expect(piecesOf("a <pad> b <unk>")).toEqual(["▁a", "<pad>", "▁b", "<unk>"]);
    expect(piecesOf("a < b")).not.toContain("<unk>");
    // An unfinished name is plain text.
    expect(piecesOf("<mas")).not.toContain("<mask>");
  });
  it("decodes with and without specials and cleaning", () => {
    const { ids } = tokenizer.encode("A dog's bone <mask> isn't here, is it?", { maxLength: 32, pads: true });
    expect(tokenizer.decode(ids)).toBe("A dog's bone isn't here, is it?");
    expect(tokenizer.decode(tokenizer.tokenize("a <mask> b"), { skipsSpecials: false })).toBe("a<mask> b");
    expect(tokenizer.decode(tokenizer.tokenize("it 's a dog ."), { cleansUpSpaces: false })).toBe("it 's a dog .");
    expect(tokenizer.decode(tokenizer.tokenize("it 's a dog ."))).toBe("it's a dog.");
    expect(tokenizer.decode([0, 2, 1, 1])).toBe("");
  });
  it("groups tokens into words, specials and padding left out", () => {
    const { ids } = tokenizer.encode("a skateboarder <mask> unbelievably.", { maxLength: 16, pads: true });
    const words = tokenizer.words(ids).map((word) => word.map((position) => tokenizer.idToPiece(ids[position]!)).join(""));
    expect(words).toEqual(["▁a", "▁skateboarder", "▁unbelievably."]);
    expect(tokenizer.words(ids).some((word) => word.length > 1)).toBe(true);
    expect(tokenizer.words(tokenizer.encode("").ids)).toEqual([]);
    expect(() => tokenizer.words([64002])).toThrow("words: id 0 is 64002;");
  });
  it("cuts and pads as each task does", () => {
    const long = "a dog on a bus ".repeat(40);
    for (const [task, length] of [["questionAnswering", 64], ["reasoning", 64], ["retrieval", 64], ["captioning", 32], ["captionDecoding", 64]] as const) {
      expect(encodeForTask(tokenizer, "a dog", task)).toEqual(tokenizer.encode("a dog", { maxLength: length, pads: true }));
      const { ids, isPadding } = encodeForTask(tokenizer, long, task);
      expect([ids.length, ids[0], ids[length - 1], isPadding.includes(1)]).toEqual([length, 0, 2, false]);
    }
    expect(encodeForTask(tokenizer, tokenizer.tokenize("a dog"), "retrieval")).toEqual(encodeForTask(tokenizer, "a dog", "retrieval"));
    expect(() => encodeForTask(tokenizer, "  ", "retrieval")).toThrow('encodeForTask: the text is "  ", without any token; retrieval needs at least one. Leave such a row out.');
    expect(() => encodeForTask(tokenizer, "a", "poetry" as TextTask)).toThrow('encodeForTask: the task is "poetry"; questionAnswering, reasoning,');
  });
  it("refuses lengths and ids that cannot be", () => {
    expect(() => tokenizer.encode("a", { maxLength: 1 })).toThrow("encode: maxLength is 1; an integer from 2, which leaves room for <s> and </s>, to 16777216 is expected.");
    expect(() => tokenizer.encode("a", { pads: true })).toThrow("encode: pads is true without maxLength; say how long the result must be.");
    expect(() => tokenizer.decode([64002])).toThrow("decode: id 0 is 64002; an integer from 0 to 64001 is expected. Ids of another tokenizer may have been given.");
    expect(() => tokenizer.frame([5, -3])).toThrow("encode: id 1 is -3;");
    expect(() => tokenizer.tokenize(null as unknown as string)).toThrow("tokenize: the text is null; a string is expected.");
  });
});

describe("cleanUpSpaces", () => {
  it.each([
    ["hello , world !", "hello, world!"],
    ["do n't , I 've , we 're , I 'm", "don't, I've, we're, I'm"],
    ["rock ' roll", "rock'roll"],
    ["a . b ? c", "a. b? c"],
  ])("turns %j into %j", (text, cleaned) => expect(cleanUpSpaces(text)).toBe(cleaned));
});
