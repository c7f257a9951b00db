import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../fixtures/read-fixture.ts";
import { bleu, CaptionEvaluator, cider, ciderD, DocumentFrequency, evaluateCaptions, meteorExactStem, rougeL, tokenizeCaption } from "../index.ts";
import { bleuOfCounts } from "./bleu.ts";

const { items } = await readFixtureJson<{ items: { hyp: string; refs: string[]; hyp_tok: string; refs_tok: string[] }[] }>("captions/coco-human.json");
const hypotheses = items.map((item) => item.hyp_tok);
const references = items.map((item) => item.refs_tok);
const scorers = { rougeL, cider, ciderD, meteorExactStem, bleu: (...given: Parameters<typeof bleu>) => ({ score: bleu(...given).scores[3]!, perItem: bleu(...given).perItem.map((scores) => scores[3]!) }) };

describe.each(Object.entries(scorers))("%s", (name, score) => {
  it("is highest for a caption that is a reference", () => {
    const highest = name.startsWith("cider") ? 10 : 1;
    const alone = references.map(([first]) => first!);
    const { perItem } = score(alone, alone.map((caption) => [caption]));
    perItem.forEach((value) => expect(value).toBeCloseTo(highest, 6));
  });
  it("is 0, or as good as, for captions without a common word", () => {
    const { score: all, perItem } = score(hypotheses.map(() => "zzz qqq"), references);
    [all, ...perItem].forEach((value) => expect(value).toBeLessThan(1e-6));
  });
  it("does not depend on the order of references, nor of items", () => {
    const given = score(hypotheses, references);
    const turned = score(hypotheses, references.map((captions) => captions.toReversed()));
    expect(turned.score).toBeCloseTo(given.score, 12);
    const backwards = score(hypotheses.toReversed(), references.toReversed());
    expect(backwards.score).toBeCloseTo(given.score, 12);
    backwards.perItem.toReversed().forEach((value, item) => expect(value).toBeCloseTo(given.perItem[item]!, 12));
  });
  it("takes words as it takes text", () => {
    const words = (text: string) => text.split(" ");
    expect(score(hypotheses.map(words), references.map((captions) => captions.map(words)))).toEqual(score(hypotheses, references));
  });
  it("gives numbers for captions of no word, one word, and none on either side", () => {
    const { perItem } = score(["", "cat", "", "日本"], [["a cat"], ["cat"], [""], ["日本", ""]]);
    perItem.forEach((value) => expect(Number.isFinite(value)).toBe(true));
    expect(perItem[0]).toBeLessThan(1e-6);
  });
  it("refuses unequal numbers, no items and no references", () => {
    const caller = score === scorers.bleu ? "bleu" : name;
    expect(() => score(["a"], [])).toThrow(`${caller}: 1 hypotheses and 0 references are given; expected as many of one as of the other, item by item.`);
    expect(() => score([], [])).toThrow(`${caller}: no hypotheses are given; expected at least one. A mean over nothing is not a score.`);
    expect(() => score(["a", "b"], [["a"], []])).toThrow(`${caller}: item 1 has no references; expected at least one.`);
  });
});

describe("bleu", () => {
  it("gives the scores that coco-caption's demo prints from the counts that it prints", async () => {
    const published = await readFixtureJson<{ testlen: number; reflen: number; guess: number[]; correct: number[] } & Record<string, number>>("captions/published-coco-caption.json");
    const { scores } = bleuOfCounts([{ length: published.testlen, referenceLength: published.reflen, matches: published.correct, totals: published.guess }]);
    expect(scores.map((score) => Number(score.toFixed(3)))).toEqual([1, 2, 3, 4].map((order) => published[`Bleu_${order}`]));
  });
  it("takes of two references as close in length the shorter", () => {
    // Against three words four are long enough; against five, exp(1 − 5/4) is lost.
    expect(bleu(["a b c d"], [["x y z v w", "a b c"]]).scores[0]).toBeCloseTo(0.75);
    expect(bleu(["a b c d"], [["x y z v w", "a b"]]).scores[0]).toBeCloseTo(0.5 * Math.exp(-0.25));
  });
});

describe("published scores of nlg-eval", () => {
  it("BLEU, ROUGE-L and CIDEr-D, of text that is split at blanks alone", async () => {
    const { cases } = await readFixtureJson<{ cases: ({ hyps: string[]; refs: string[][] } & Record<string, number>)[] }>("captions/published-nlgeval.json");
    for (const { hyps, refs, ...published } of cases) {
      const { scores } = bleu(hyps, refs);
      const found: Record<string, number> = { Bleu_1: scores[0]!, Bleu_2: scores[1]!, Bleu_3: scores[2]!, Bleu_4: scores[3]!, ROUGE_L: rougeL(hyps, refs).score, CIDEr: ciderD(hyps, refs).score };
      for (const [name, value] of Object.entries(published)) if (name !== "METEOR") expect(found[name], `${hyps[0]} ${name}`).toBeCloseTo(value, 5);
    }
  });
});

describe("cider", () => {
  it("is the mean cosine over lengths of runs, by hand", () => {
    // Every run is in one of two pictures, so all weigh ln 2: a b | a b c share two of three words and one of two pairs.
    const { perItem } = cider(["a b", "d"], [["a b c"], ["d"]]);
    expect(perItem[0]).toBeCloseTo((10 / 4) * (2 / Math.sqrt(6) + 1 / Math.sqrt(2)), 12);
    expect(perItem[1]).toBeCloseTo(10 / 4, 12);
  });
  it("is gamed by repetition, and CIDEr-D is not", () => {
    const repeated = "a cat cat cat cat on a mat";
    const others = { hypotheses: ["a dog runs"], references: [["a dog runs in a park"]] };
    const of = (metric: typeof cider, caption: string) => metric([caption, ...others.hypotheses], [["a cat on a mat"], ...others.references]).perItem[0]!;
    expect(of(ciderD, repeated) / of(ciderD, "a cat on a mat")).toBeLessThan(of(cider, repeated) / of(cider, "a cat on a mat"));
  });
  it("scores one caption by frequencies that were counted elsewhere", () => {
    const documents = DocumentFrequency.of(references);
    expect(documents.pictures).toBe(items.length);
    const whole = ciderD(hypotheses, references);
    expect(ciderD([hypotheses[7]!], [references[7]!], { documents }).score).toBeCloseTo(whole.perItem[7]!, 12);
    expect(ciderD([hypotheses[7]!], [references[7]!]).score).toBe(0); // what is in every picture weighs nothing
    expect(() => documents.add([])).toThrow("DocumentFrequency.add: the picture has no references; expected at least one.");
  });
});

describe("evaluateCaptions", () => {
  it("tokenizes, then scores as each metric does by itself", () => {
    const texts = items.map((item) => item.hyp);
    const humans = items.map((item) => item.refs);
    const { perItem, ...scores } = evaluateCaptions(texts, humans);
    const [tokens, human] = [texts.map(tokenizeCaption), humans.map((captions) => captions.map(tokenizeCaption))];
    expect(scores).toEqual({ bleu: bleu(tokens, human).scores, meteorExactStem: meteorExactStem(tokens, human).score, rougeL: rougeL(tokens, human).score, ciderD: ciderD(tokens, human).score });
    expect(perItem.map((one) => one.ciderD)).toEqual(ciderD(tokens, human).perItem);
    expect(perItem.map((one) => one.bleu)).toEqual(bleu(tokens, human).perItem);
  });
  it("takes captions one by one", () => {
    const evaluator = new CaptionEvaluator();
    items.forEach(({ hyp, refs }) => evaluator.add(hyp, refs));
    expect(evaluator.count).toBe(items.length);
    expect(evaluator.result()).toEqual(evaluateCaptions(items.map(({ hyp }) => hyp), items.map(({ refs }) => refs)));
    evaluator.add(["word", "list"], [["word", "list"]]);
    expect(evaluator.result().perItem.at(-1)!.rougeL).toBe(1);
  });
  it("gives an answer for empty captions and punctuation alone", () => {
    const { perItem, ...scores } = evaluateCaptions(["", "...", "A dog."], [["A cat."], ["A bird!"], ["a dog"]]);
    expect(perItem.slice(0, 2).map(({ rougeL: score }) => score)).toEqual([0, 0]);
    expect(perItem[2]).toMatchObject({ rougeL: 1, meteorExactStem: 1 });
    [...scores.bleu, scores.meteorExactStem, scores.rougeL, scores.ciderD].forEach((value) => expect(Number.isFinite(value)).toBe(true));
  });
  it("refuses nothing, unequal numbers and no references", () => {
    expect(() => new CaptionEvaluator().result()).toThrow("CaptionEvaluator.result: no captions were added; expected at least one.");
    expect(() => new CaptionEvaluator().add("a", [])).toThrow("CaptionEvaluator.add: item 0 has no references; expected at least one.");
    expect(() => evaluateCaptions(["a"], [["a"], ["b"]])).toThrow("evaluateCaptions: 1 hypotheses and 2 references are given");
    expect(() => evaluateCaptions(["a", "b"], [["a"], []])).toThrow("evaluateCaptions: item 1 has no references");
  });
});
