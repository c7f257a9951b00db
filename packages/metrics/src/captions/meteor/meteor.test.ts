import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../../fixtures/read-fixture.ts";
import { meteorExactStem } from "../../index.ts";
import { alignWords, countChunks } from "./align.ts";
import { englishStem } from "./english-stem.ts";

describe("englishStem", () => {
  it("gives the stems of Snowball", async () => {
    const stems = await readFixtureJson<Record<string, string>>("captions/stems.json");
    expect(Object.keys(stems).length).toBeGreaterThan(2500);
    expect(Object.fromEntries(Object.keys(stems).map((word) => [word, englishStem(word)]))).toEqual(stems);
  });
  it("leaves names of an object's properties and other scripts alone", () => {
    expect(["constructor", "日本", "", "é"].map(englishStem)).toEqual(["constructor", "日本", "", "é"]);
  });
});

describe("alignWords", () => {
  const align = (hypothesis: string, reference: string) => alignWords(hypothesis.split(" "), reference.split(" "));
  const places = (hypothesis: string, reference: string) => align(hypothesis, reference).map((match) => [match.reference, match.hypothesis]);
  it("takes of several equal words those in the fewest chunks", () => {
    expect(places("the dog saw the cat", "the cat")).toEqual([[0, 3], [1, 4]]);
    expect(places("a b a b", "b a")).toEqual([[0, 1], [1, 2]]);
  });
  it("matches a word once, exactly before by stem", () => {
    expect(align("dogs dog", "dog dogs dog")).toEqual([
      { reference: 1, hypothesis: 0, stage: "exact" },
      { reference: 2, hypothesis: 1, stage: "exact" },
    ]);
    expect(align("riding", "rides")).toEqual([{ reference: 0, hypothesis: 0, stage: "stem" }]);
  });
  it("counts runs", () => {
    expect(countChunks(align("on the mat sat the cat", "the cat sat on the mat"))).toBe(3);
    expect(countChunks(align("the cat sat", "the cat sat"))).toBe(1);
    expect(countChunks(align("x", "y"))).toBe(0);
  });
  it("stays quick where everything matches everything", () => {
    const words = Array.from({ length: 60 }, () => "a");
    expect(alignWords(words, [...words, "b"])).toHaveLength(60);
  });
});

describe("meteorExactStem", () => {
  it("agrees with published METEOR where synonyms and paraphrases have no part, and is below it elsewhere", async () => {
    const { cases } = await readFixtureJson<{ cases: { hyps: string[]; refs: string[][]; METEOR: number }[] }>("captions/published-nlgeval.json");
    // METEOR itself puts periods apart and lowers the case.
    const normal = (text: string) => text.toLowerCase().replaceAll(".", " .");
    const scores = cases.map(({ hyps, refs }) => meteorExactStem(hyps.map(normal), refs.map((captions) => captions.map(normal))).score);
    expect(scores[0]).toBeCloseTo(cases[0]!.METEOR, 8);
    expect(scores[1]).toBeLessThan(cases[1]!.METEOR); // "generated" and "made"
    expect(scores[2]).toBeCloseTo(cases[2]!.METEOR, 14);
    expect(scores[3]).toBe(cases[3]!.METEOR);
  });
  it("weighs content above function words, and stems below exact words", () => {
    const of = (hypothesis: string) => meteorExactStem([hypothesis], [["the man rides a horse"]]).score;
    expect(of("man rides horse")).toBeGreaterThan(of("the x a"));
    expect(of("the man riding a horse")).toBeLessThan(of("the man rides a horse"));
    expect(of("the man riding a horse")).toBeGreaterThan(of("the man x a horse"));
    expect(of("the man rides a horse")).toBe(1);
    expect(of("THE MAN RIDES A HORSE")).toBe(1);
    expect([of(""), of("zebra")]).toEqual([0, 0]);
  });
  it("sums counts over a corpus and takes each item's best reference", () => {
    const { score, perItem } = meteorExactStem(["a red bus", "two dogs"], [["a bus", "a red bus"], ["a cat", "two dogs play"]]);
    expect(perItem[0]).toBe(1);
    expect(perItem[1]).toBeLessThan(1);
    expect(score).toBeGreaterThan(0);
    expect(score).toBeLessThan(1);
  });
});
