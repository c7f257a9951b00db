import { describe, expect, it } from "vitest";
import { readFixtureJson } from "../../fixtures/read-fixture.ts";
import { normalizeAnswer, vqaAccuracy } from "../index.ts";

const { cases } = await readFixtureJson<{ cases: { in: string; out: string }[] }>("vqa/normalise.json");
const file = await readFixtureJson<{
  questions: { question_id: number; question_type: string; answer_type: string; answers: string[] }[];
  predictions: { question_id: number; answer: string }[];
  expected: { accuracy: { overall: number; perQuestionType: Record<string, number>; perAnswerType: Record<string, number> }; per_question: Record<string, number> };
}>("vqa/accuracy.json");

describe("normalizeAnswer", () => {
  it.each(cases)("$in", ({ in: given, out }) => expect(normalizeAnswer(given)).toBe(out));
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
});
