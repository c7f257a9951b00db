import { describe, expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { ask } from "./questions.ts";

const boxes: readonly (readonly BoxObject[])[] = [
  [[0, 0, 10, "circle", "blue"], [20, 0, 30, "circle", "yellow"], [50, 50, 20, "square", "yellow"]],
  [],
  [[5, 5, 10, "triangle", "black"], [40, 5, 20, "triangle", "black"]],
];

/** The draws of place, colour, shape and template, in order. */
const askWith = (...draws: number[]) => ask(boxes, (count) => {
  const drawn = draws.shift()!;
  expect(drawn).toBeLessThan(count);
  return drawn;
});

describe("ask", () => {
  it.each([
    [[0, 0, 0, 0], "how many yellow circles are in the left box?", "1"],
    [[1, 0, 0, 0], "how many yellow circles are in the middle box?", "0"],
    [[0, 0, 0, 1], "how many things are in the left box?", "3"],
    [[0, 2, 0, 2], "how many circles are in the left box?", "2"],
    [[0, 0, 1, 3], "how many yellow things are in the left box?", "2"],
    [[2, 1, 2, 4], "is there a black triangle in the right box?", "yes"],
    [[2, 1, 1, 4], "is there a black square in the right box?", "no"],
    [[0, 0, 0, 5], "is everything in the left box of one colour?", "no"],
    [[2, 0, 0, 5], "is everything in the right box of one colour?", "yes"],
  ])("draws %j: %s %s", (draws, question, answer) => {
    expect(askWith(...draws)).toEqual({ question, answer });
  });
});
