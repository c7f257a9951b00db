import { describe, expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { ask } from "./questions.ts";

const boxes: readonly (readonly BoxObject[])[] = [
  [[0, 0, 10, "circle", "blue"], [20, 0, 30, "circle", "yellow"], [50, 50, 20, "square", "yellow"]],
  [],
  [[5, 5, 10, "triangle", "black"], [40, 5, 20, "triangle", "black"]],
];

/** The draws of kind, answer and question, in order. */
const askWith = (places: readonly number[], ...draws: number[]) => ask(boxes, places, (most) => {
  const drawn = draws.shift()!;
  expect(drawn).toBeLessThan(most);
  return drawn;
});

describe("ask", () => {
  it.each([
    [[0], [0, 1, 0], "how many yellow circles are in the left box?", "1"],
    [[1], [0, 0, 0], "how many yellow circles are in the middle box?", "0"],
    [[0, 1, 2], [0, 2, 0], "how many black triangles are in the right box?", "2"],
    [[0, 1, 2], [1, 2, 0], "how many things are in the left box?", "3"],
    [[0], [2, 2, 0], "how many circles are in the left box?", "2"],
    [[0, 1], [3, 2, 0], "how many yellow things are in the left box?", "2"],
    [[2], [4, 1, 0], "is there a black triangle in the right box?", "yes"],
    [[2], [4, 0, 3], "is there a black circle in the right box?", "no"],
    [[0, 1, 2], [5, 1, 2], "is there anything black in the right box?", "yes"],
    [[0], [6, 0, 0], "is everything in the left box of one colour?", "no"],
    [[0, 1, 2], [6, 1, 1], "is everything in the right box of one colour?", "yes"],
  ])("of boxes %j, draws %j: %s %s", (places, draws, question, answer) => {
    expect(askWith(places, ...draws)).toEqual({ question, answer });
  });

  it("gives each answer that a kind has in a picture the same chance", () => {
    const answers = { yes: 0, no: 0 };
    let state = 1;
    for (let round = 0; round < 2000; round++) {
      const kind = 4;
      let drawn = 0;
      const { answer } = ask(boxes, [0, 1, 2], (most) => {
        state = (state * 48271) % 2147483647;
        return drawn++ === 0 ? kind : state % most;
      });
      answers[answer as "yes" | "no"]++;
    }
    // 3 of 27 questions of this kind have the answer "yes".
    expect(answers.yes / 2000).toBeCloseTo(0.5, 1);
  });
});
