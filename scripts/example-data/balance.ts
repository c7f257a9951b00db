/** What could be asked of a picture, and the answer. */
export interface Question {
  question: string;
  answer: string;
}

export const yesNo = (truth: boolean): string => (truth ? "yes" : "no");

/** How often each question has each answer, by question and answer. */
export type AnswerShares = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Counts what could be asked of pictures. */
export function answerShares(pictures: Iterable<readonly Question[]>): AnswerShares {
  const shares = new Map<string, Map<string, number>>();
  for (const asked of pictures) {
    for (const { question, answer } of asked) {
      const ofQuestion = shares.get(question) ?? new Map<string, number>();
      shares.set(question, ofQuestion.set(answer, (ofQuestion.get(answer) ?? 0) + 1));
    }
  }
  return shares;
}

/**
 * The index of one of a picture's questions, each with a chance that is the smaller, the more often its question has this answer. Were they drawn evenly, most answers would be "0" and "no", and knowing the question would be
 * enough; for the same reason VQA v2 balances the answers to each question (Goyal et al., "Making the V in VQA Matter", CVPR 2017).
 *
 * @param draw  a number from 0 to below 1
 */
export function drawBalanced(questions: readonly Question[], shares: AnswerShares, draw: () => number): number {
  const weights = questions.map(({ question, answer }) => 1 / (shares.get(question)?.get(answer) ?? 1));
  let left = draw() * weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.findIndex((weight) => (left -= weight) < 0);
  return drawn === -1 ? questions.length - 1 : drawn;
}
