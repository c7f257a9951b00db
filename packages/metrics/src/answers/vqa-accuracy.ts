import { checkPaired, checkReferences, mean } from "../check.ts";
import { normalizeAnswer, trimmed } from "./normalize-answer.ts";

/** What people answered to one question; VQA v2 asks ten. */
export interface HumanAnswers {
  answers: readonly string[];
  /** The question's first words, as the annotations file them: `"how many"`. */
  questionType?: string;
  /** `"yes/no"`, `"number"` or `"other"`. */
  answerType?: string;
}

export interface VqaOptions {
  /**
   * `"leave-one-out"` (default), the official form: of each person's answer it is asked whether three of the others agree with the prediction, min(n/3, 1), and the mean is taken;
   * `"simple"`: min(n/3, 1) over all answers at once.
   */
  form?: "leave-one-out" | "simple";
}

export interface VqaScore {
  /** Mean over the questions, from 0 to 1. */
  score: number;
  perItem: number[];
  /** Means over the questions of a type, of those that have one. */
  perQuestionType: Record<string, number>;
  perAnswerType: Record<string, number>;
}

/**
 * VQA accuracy: an answer is right when three people gave it, and partly right when fewer did.
 *
 * Both sides are cleaned by {@link normalizeAnswer} first, unless all people gave the same answer to the letter: then, as in the official code, it is compared as it stands.
 *
 * @param predictions  one answer per question
 * @throws ShapeError, DataError for unequal numbers, no questions, or a question that nobody answered
 *
 * Source: Goyal et al. 2017, "Making the V in VQA matter"; GT-Vision-Lab/VQA (vqaEval.py).
 */
export function vqaAccuracy(predictions: readonly string[], questions: readonly HumanAnswers[], { form = "leave-one-out" }: VqaOptions = {}): VqaScore {
  checkPaired("vqaAccuracy", { predictions, questions });
  const perItem = predictions.map((prediction, item) => {
    const { answers } = questions[item]!;
    checkReferences("vqaAccuracy", answers, item, "answers");
    const matches = countMatches(prediction, answers);
    return form === "simple" ? Math.min(1, matches / 3) : leaveOneOut(matches, answers.length);
  });
  return { score: mean(perItem), perItem, perQuestionType: meansBy(perItem, questions.map(({ questionType }) => questionType)), perAnswerType: meansBy(perItem, questions.map(({ answerType }) => answerType)) };
}

/**
 * How right an answer is that so many of the people gave, leaving each out in turn: of ten, 0.3 for one, 0.6 for two, 0.9 for three, 1 for more. These are the targets that answering heads are trained on.
 */
export function leaveOneOut(matches: number, people: number): number {
  // In thirds of a person, so that of ten people the scores are the nearest numbers to 0.3, 0.6 and 0.9.
  const withOwn = Math.min(3, Math.max(0, matches - 1));
  const without = Math.min(3, matches);
  return (matches * withOwn + (people - matches) * without) / (3 * people);
}

function countMatches(prediction: string, answers: readonly string[]): number {
  const plain = answers.map(trimmed);
  const differ = new Set(plain).size > 1;
  const clean = differ ? normalizeAnswer : trimmed;
  const own = clean(prediction);
  return plain.filter((answer) => clean(answer) === own).length;
}

function meansBy(scores: readonly number[], types: readonly (string | undefined)[]): Record<string, number> {
  const groups = new Map<string, number[]>();
  types.forEach((type, item) => {
    if (type === undefined) return;
    const group = groups.get(type);
    if (group) group.push(scores[item]!);
    else groups.set(type, [scores[item]!]);
  });
  return Object.fromEntries([...groups].map(([type, group]) => [type, mean(group)]));
}
