import { describe, expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { answerShares } from "./balance.ts";
import { ask, questionsOf } from "./questions.ts";

const boxes: readonly (readonly BoxObject[])[] = [
  [[0, 0, 10, "circle", "blue"], [20, 0, 30, "circle", "yellow"], [50, 50, 20, "square", "yellow"]],
  [],
  [[5, 5, 10, "triangle", "black"], [40, 5, 20, "triangle", "black"]],
];
const kinds = 7;

/** Asks with a draw for the kind and one for the question, both from 0 to below 1; no question is more often answered one way than another. */
const askWith = (places: readonly number[], kind: number, question: number) => {
  const draws = [(kind + 0.5) / kinds, question];
  return ask(boxes, places, new Map(), () => draws.shift()!);
};

describe("ask", () => {
  it.each([
    [[0], 0, 0, "how many yellow circles are in the left box?", "1"],
    [[1], 0, 0, "how many yellow circles are in the middle box?", "0"],
    [[0, 1, 2], 0, 23.5 / 27, "how many black triangles are in the right box?", "2"],
    [[0, 1, 2], 1, 0, "how many things are in the left box?", "3"],
    [[0], 2, 0, "how many circles are in the left box?", "2"],
    [[0, 1], 3, 0, "how many yellow things are in the left box?", "2"],
    [[2], 4, 5.5 / 9, "is there a black triangle in the right box?", "yes"],
    [[2], 4, 3.5 / 9, "is there a black circle in the right box?", "no"],
    [[0, 1, 2], 5, 7.5 / 9, "is there anything black in the right box?", "yes"],
    [[0], 6, 0.99, "is everything in the left box of one colour?", "no"],
    [[0, 1, 2], 6, 0.99, "is everything in the right box of one colour?", "yes"],
  ])("of boxes %j, of kind %i, at %f: %s %s", (places, kind, question, asked, answer) => {
    expect(askWith(places, kind, question)).toEqual({ question: asked, answer });
  });

  it("asks more often what has a rare answer in a picture", () => {
    const pictures = [...Array<undefined>(9)].map((_, index) => [index === 0 ? [[0, 0, 10, "circle", "blue"]] : [], [], []] as const) as unknown as typeof boxes[];
    const shares = answerShares(pictures.map(questionsOf));
    expect(shares.get("is there anything blue in the left box?")).toEqual(new Map([["yes", 1], ["no", 8]]));
    const answers = { yes: 0, no: 0 };
    let state = 1;
    const draw = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 20_000; round++) {
      const { question, answer } = ask(pictures[round % 9]!, [0], shares, draw);
      if (question.startsWith("is there anything blue")) answers[answer as "yes" | "no"]++;
    }
    // Drawn evenly, 1 of 9 would be "yes". Of one picture the question has the weight 1 beside twice 1/9, of eight the weight 1/8 beside twice 1/9.
    const yes = 1 / (1 + 2 / 9);
    const no = 1 / 8 / (1 / 8 + 2 / 9);
    expect(answers.yes / (answers.yes + answers.no)).toBeCloseTo(yes / (yes + 8 * no), 1.5);
  });
});
