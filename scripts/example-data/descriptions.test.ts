import { expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { describe as say } from "./descriptions.ts";

const box: readonly BoxObject[] = [[50, 50, 20, "square", "blue"], [0, 0, 10, "circle", "yellow"], [20, 0, 30, "circle", "yellow"], [70, 0, 10, "triangle", "black"]];

it("says what is in a box: how many things, and how many of which colour, of which shape, in one order", () => {
  expect(say(1, box)).toBe("middle: 4 things, 2 yellow circles, 1 black triangle, 1 blue square");
  expect(say(2, [])).toBe("right: nothing");
});
