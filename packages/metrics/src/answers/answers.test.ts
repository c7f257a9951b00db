import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../fixtures/read-fixture.ts";
import { leaveOneOut, normalizeAnswer, vqaAccuracy } from "../index.ts";
import { contractions } from "./contractions.ts";

const { cases } = await readFixtureJson<{ cases: { in: string; out: string }[] }>("vqa/normalise.json");
const file = await readFixtureJson<{
  questions: { question_id: number; question_type: string; answer_type: string; answers: string[] }[];
  predictions: { question_id: number; answer: string }[];
  expected: { accuracy: { overall: number; perQuestionType: Record<string, number>; perAnswerType: Record<string, number> }; per_question: Record<string, number> };
}>("vqa/accuracy.json");

describe("normalizeAnswer", () => {
  it.each(cases)("$in", ({ in: given, out }) => expect(normalizeAnswer(given)).toBe(out));
  it("is done after one pass, but for words that lack two apostrophes", () => {
    for (const { out } of cases) expect(normalizeAnswer(out)).toBe(out);
    expect(["couldntve", "couldn'tve", "couldnt've"].map(normalizeAnswer)).toEqual(["couldntve", "couldn't've", "couldn't've"]);
  });
  it("knows each word of the official table that changes and can occur", () => {
    // Of its 120 entries four begin with a capital I, and two change nothing.
    expect(contractions.size).toBe(114);
    expect(["lets", "shes", "id", "ill", "hell", "constructor"].map((word) => contractions.get(word))).toEqual(Array(6).fill(undefined));
    expect(normalizeAnswer("somebody'd")).toBe("somebodyd");
  });
  it("removes as many periods as the official code", () => {
    expect(normalizeAnswer(".".repeat(40))).toBe(".".repeat(8));
  });
});

describe("vqaAccuracy", () => {
  it("gives the official scores, by question and by type", () => {
    const predictions = file.questions.map(({ question_id: id }) => file.predictions.find((prediction) => prediction.question_id === id)!.answer);
    const { score, perItem, perQuestionType, perAnswerType } = vqaAccuracy(predictions, file.questions.map(({ answers, question_type: questionType, answer_type: answerType }) => ({ answers, questionType, answerType })));
    const { accuracy, per_question: perQuestion } = file.expected;
    expect(Object.fromEntries(file.questions.map(({ question_id: id }, item) => [id, Number((100 * perItem[item]!).toFixed(6))]))).toEqual(perQuestion);
    expect(100 * score).toBeCloseTo(accuracy.overall, 6);
    const rounded = (means: Record<string, number>) => Object.fromEntries(Object.entries(means).map(([type, value]) => [type, Number((100 * value).toFixed(6))]));
    expect(rounded(perQuestionType)).toEqual(accuracy.perQuestionType);
    expect(rounded(perAnswerType)).toEqual(accuracy.perAnswerType);
  });
  const people = (...answers: string[]) => [{ answers }];
  it("asks whether three of the others agree, leaving out one person at a time", () => {
    const ten = (matches: number) => people(...Array<string>(matches).fill("red"), ...Array<string>(10 - matches).fill("blue"));
    expect([0, 1, 2, 3, 4, 9].map((matches) => Number(vqaAccuracy(["Red."], ten(matches)).score.toFixed(12)))).toEqual([0, 0.3, 0.6, 0.9, 1, 1]);
    expect([0, 1, 2, 3, 4].map((matches) => vqaAccuracy(["red"], ten(matches), { form: "simple" }).score)).toEqual([0, 1 / 3, 2 / 3, 1, 1]);
    expect([0, 1, 2, 3, 4, 10].map((matches) => leaveOneOut(matches, 10))).toEqual([0, 0.3, 0.6, 0.9, 1, 1]);
  });
  it("compares as it stands what all people wrote the same", () => {
    expect(vqaAccuracy(["the left"], people("The left", "The left", "The left", "The left")).score).toBe(0);
    expect(vqaAccuracy(["the left"], people("The left", "the left", "left", "left")).score).toBe(1);
    expect(vqaAccuracy([" on\ntop "], people("on top", "on top", "on top", "on top")).score).toBe(1);
  });
  it("leaves questions without a type out of the types", () => {
    expect(vqaAccuracy(["a", "b"], [{ answers: ["a"], answerType: "other" }, { answers: ["c"] }])).toMatchObject({ perItem: [0, 0], perAnswerType: { other: 0 }, perQuestionType: {} });
  });
  it("refuses unequal numbers, no questions, and a question that nobody answered", () => {
    expect(() => vqaAccuracy(["a"], [])).toThrow("vqaAccuracy: 1 predictions and 0 questions are given; expected as many of one as of the other, item by item.");
    expect(() => vqaAccuracy([], [])).toThrow("vqaAccuracy: no predictions are given; expected at least one.");
    expect(() => vqaAccuracy(["a"], people())).toThrow("vqaAccuracy: item 0 has no answers; expected at least one. Leave the item out, of both lists.");
  });
});
