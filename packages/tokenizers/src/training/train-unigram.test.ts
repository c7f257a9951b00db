import { describe, expect, it } from "vitest";
import { readFixture } from "../../fixtures/read-fixture.ts";
import { parseSentencePieceModel, pieceType, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, type TrainingProgress } from "../index.ts";

const captions = new TextDecoder().decode(await readFixture("captions.txt")).trimEnd().split("\n");

describe("trainUnigram", () => {
  it("gives exactly the wanted number of pieces, with which everything can be said", () => {
    const progress: TrainingProgress[] = [];
    const model = trainUnigram(captions, { vocabularySize: 1000, characterCoverage: 1, onProgress: (step) => progress.push(step) });
    expect(model.pieces).toHaveLength(1000);
    expect(model.pieces.slice(0, 3)).toEqual(["<unk>", "<s>", "</s>"]);
    expect(model.pieces).toEqual(expect.arrayContaining(["▁man", "▁sitting", "▁street", "s", "ing"]));
    const tokenizer = new SentencePieceTokenizer(model);
    let tokens = 0;
    for (const caption of captions) {
      const ids = tokenizer.encodeIds(caption);
      tokens += ids.length;
      expect(ids).not.toContain(tokenizer.unknownId);
      expect(tokenizer.decode(ids)).toBe(caption.trim().replace(/ +/g, " "));
    }
    // sentencepiece 0.1.97 reaches 3.41 characters per token here, with the same options.
    expect(captions.join("").length / tokens).toBeGreaterThan(3.6);
    expect(progress.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["words", "seed", "estimate", "prune", "done"]));
    expect(progress.at(-1)).toEqual({ stage: "done", count: 1000, vocabularySize: 1000 });
    // Between two cuts, EM makes the text more likely.
    const fits = progress.filter(({ stage }) => stage === "estimate").map(({ logLikelihood }) => logLikelihood!);
    expect(fits[1]!).toBeGreaterThan(fits[0]!);
    const scores = [...model.scores.subarray(3)];
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it("is deterministic, and its file reads back equal", () => {
    const options = { vocabularySize: 400, userDefinedSymbols: ["<img>"], controlSymbols: ["<sep>"], byteFallback: true } as const;
    const text = captions.slice(0, 800);
    const model = trainUnigram(text, options);
    const bytes = writeSentencePieceModel(model);
    expect(writeSentencePieceModel(trainUnigram(text, options))).toEqual(bytes);
    expect(parseSentencePieceModel(bytes)).toEqual(model);
    const tokenizer = new SentencePieceTokenizer(parseSentencePieceModel(bytes));
    expect(tokenizer.encode("a <img> cat").pieces).toContain("<img>");
    expect(tokenizer.decode(tokenizer.encode("猫 <sep>").ids)).toBe("猫 <sep>");
    expect(model.types[model.pieces.indexOf("<sep>")]).toBe(pieceType.control);
  });

  it("takes over another model's normaliser", async () => {
    const { normalizer } = parseSentencePieceModel(await readFixture("reference/unigram.model"));
    const tokenizer = new SentencePieceTokenizer(trainUnigram(captions.slice(0, 500), { vocabularySize: 300, normalizer }));
    expect(tokenizer.encode("Ａ　ｍａｎ")).toMatchObject({ pieces: tokenizer.encode("A man").pieces });
  });

  it("keeps required characters and drops rare ones beyond the coverage", () => {
    const text = ["aaaa bbbb aaaa bbbb abab".repeat(50), "q"];
    const model = trainUnigram(text, { vocabularySize: 9, characterCoverage: 0.98, requiredCharacters: "zé" });
    expect(model.pieces).toEqual(expect.arrayContaining(["a", "b", "▁", "z", "é"]));
    expect(model.pieces).not.toContain("q");
    for (const score of model.scores) expect(Number.isFinite(score)).toBe(true);
  });

  it("never mixes scripts, or digits when told", () => {
    const text = Array.from({ length: 60 }, () => "abc2023 東京abc дом-abc, naïve");
    const mixed = trainUnigram(text, { vocabularySize: 25 }).pieces;
    expect(mixed).toContain("2023");
    for (const piece of mixed) expect(piece).not.toMatch(/[a-z]\d|\d[a-z]|京a|-a|м-|c,/);
    expect(trainUnigram(text, { vocabularySize: 24, splitsDigits: true }).pieces.filter((piece) => /\d\d/.test(piece))).toEqual([]);
  });

  it("says what is wrong with text and options", () => {
    expect(() => trainUnigram([], { vocabularySize: 100 })).toThrow("trainUnigram: 0 sentences without a single word were given; at least one word is expected.");
    expect(() => trainUnigram(["  "], { vocabularySize: 100 })).toThrow("trainUnigram: 1 sentences without a single word");
    expect(() => trainUnigram("text", { vocabularySize: 100 })).toThrow('trainUnigram: sentences is "text"; an iterable of strings is expected.');
    expect(() => trainUnigram([5 as unknown as string], { vocabularySize: 100 })).toThrow("trainUnigram: sentence 0 is 5; a string is expected.");
    expect(() => trainUnigram(captions, { vocabularySize: 20 })).toThrow(/^trainUnigram: vocabularySize is 20; 3 specials and \d+ characters need \d+\. Raise vocabularySize or lower characterCoverage\.$/);
    expect(() => trainUnigram(["a few words"], { vocabularySize: 5000 })).toThrow(/^trainUnigram: vocabularySize is 5000; this text gives \d+ pieces at most\. Lower vocabularySize, give more text, or set acceptsFewer\.$/);
    expect(trainUnigram(["a few words"], { vocabularySize: 5000, acceptsFewer: true }).pieces.length).toBeLessThan(40);
    expect(() => trainUnigram(["a"], { vocabularySize: 10, characterCoverage: 0.5 })).toThrow("trainUnigram: characterCoverage is 0.5; a number from 0.98 to 1 is expected.");
    expect(() => trainUnigram(["a"], { vocabularySize: 10, userDefinedSymbols: ["<s>"] })).toThrow('trainUnigram: the symbol "<s>" is given twice, or is one of <unk>, <s>, </s>;');
  });
});
