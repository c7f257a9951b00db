import { expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { describe as say, describeBoxes, placesOf } from "./descriptions.ts";

const box: readonly BoxObject[] = [[50, 50, 20, "square", "blue"], [0, 0, 10, "circle", "yellow"], [20, 0, 30, "circle", "yellow"], [70, 0, 10, "triangle", "black"]];

it("says what is in a box: how many things, and how many of which colour, of which shape, in one order", () => {
  expect(say(1, box)).toBe("middle: 4 things, 2 yellow circles, 1 black triangle, 1 blue square");
  expect(say(2, [])).toBe("right: nothing");
});

it("says what is in several boxes, and where", () => {
  expect(describeBoxes([box, [], box.slice(0, 1)], [0, 1, 2])).toBe("left: 4 things, 2 yellow circles, 1 black triangle, 1 blue square. middle: nothing. right: 1 thing, 1 blue square");
  expect(placesOf([box, [], [[70, 70, 30, "square", "blue"], [80, 10, 20, "circle", "black"]]])).toBe("touching, left: yellow circle top left, yellow circle top, black triangle top. middle: nothing. right: black circle right, blue square bottom right");
  expect(placesOf([[[40, 59, 20, "square", "blue"], [40, 80, 20, "square", "yellow"]], [], [[40, 80, 20, "square", "black"]]])).toBe("from the base, left: yellow, blue. middle: nothing. right: black");
});
