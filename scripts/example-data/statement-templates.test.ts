import { describe, expect, it } from "vitest";
import type { BoxObject } from "./boxes.ts";
import { questionsBehind, statementsOf, wordingsOf, write } from "./statement-templates.ts";

const block = (height: number, colour: BoxObject[4]): BoxObject => [40, 80 - 21 * height, 20, "square", colour];

/** From the bottom up: blue, yellow, yellow; black; black, blue. */
const towers: readonly BoxObject[][] = [[block(0, "blue"), block(1, "yellow"), block(2, "yellow")], [block(0, "black")], [block(0, "black"), block(1, "blue")]];
const scattered: readonly BoxObject[][] = [
  [[0, 80, 20, "circle", "blue"], [30, 30, 10, "square", "yellow"]],
  [[70, 0, 30, "triangle", "black"], [40, 40, 10, "triangle", "black"], [10, 90, 10, "square", "blue"]],
  [],
];

const truthsOf = (boxes: readonly BoxObject[][]) => new Map(statementsOf(boxes).flat().flatMap(({ template, isTrue }) => wordingsOf(template).map((wording) => [wording, isTrue] as const)));

describe("statementsOf", () => {
  const ofTowers = truthsOf(towers);
  const ofScattered = truthsOf(scattered);

  it.each([
    ["there are two yellow blocks", true],
    ["there are exactly 3 blue blocks", false],
    ["there is at least one black block", true],
    ["there is a tower with exactly two blocks", true],
    ["there is a tower with four blocks", false],
    ["there is at least one tower with at most two blocks", true],
    ["there are 2 towers with a black block at the base", true],
    ["there is exactly one tower with a blue block at the top", true],
    ["there are three towers with a yellow block at the top", false],
    ["there is a yellow block as the top of a tower with three blocks", true],
    ["there is a yellow block as the base of a tower with at least one block", false],
    ["the tower with 3 blocks has a blue block at the base", true],
    ["there is a tower with a yellow block above a blue block", true],
    ["there is a tower with a yellow block below a blue block", false],
    ["there is a yellow block on a yellow block", true],
    ["there is a black tower", true],
    ["there are two yellow blocks as the top of a tower", false],
    ["there are two black blocks as the base of a tower", true],
    ["there is a tower with a blue block and a black block", true],
    ["there is a tower with blocks of the same color", true],
  ])("of towers: %s: %s", (statement, isTrue) => {
    expect(ofTowers.get(statement)).toBe(isTrue);
  });

  it.each([
    ["there are exactly two black triangles", true],
    ["there is 1 circle", true],
    ["there is a box with a blue circle and a yellow square", true],
    ["there is a box with a blue item and a yellow item", true],
    ["there is at least one box with a blue item and a black item", true],
    ["there are two boxes with a square", true],
    ["there is a box with only black items", false],
    ["there is a box with all black items", false],
    ["one of the grey square contains exactly three objects", true],
    ["there is a box with at least 4 items", false],
    ["there is a box with items of two different colors", true],
    ["there is a box with no blue item", true],
    ["there is exactly one black triangle touching the edge", true],
    ["there is a black triangle closely touching a corner", true],
    ["there is a blue circle closely touching the bottom of a box", true],
    ["there is no square touching the base", false],
    ["there is a black triangle closely touching right wall of a box", true],
    ["there is a yellow square not touching any edge", true],
    ["there are two blue items touching the base", true],
  ])("of boxes: %s: %s", (statement, isTrue) => {
    expect(ofScattered.get(statement)).toBe(isTrue);
  });

  it("speaks of towers only where there are some", () => {
    expect([...ofScattered.keys()].filter((statement) => /tower|block/.test(statement))).toEqual([]);
    expect([...ofTowers.keys()].filter((statement) => /circle|triangle|\bbox\b/.test(statement) && !statement.startsWith("one of the grey"))).toEqual([]);
  });
});

describe("questionsBehind", () => {
  const answersOf = (boxes: readonly BoxObject[][]) => new Map(questionsBehind(boxes).flat().flatMap(({ question, answer }) => wordingsOf(question).map((wording) => [wording, answer] as const)));
  const ofTowers = answersOf(towers);
  const ofScattered = answersOf(scattered);

  it.each([
    ["how many black blocks are there?", "2"],
    ["how many towers have a black block?", "2"],
    ["how many yellow blocks has the tower with most of them?", "2"],
    ["how many towers have a blue block at the top?", "1"],
    ["how many towers have a yellow block at the base?", "0"],
    ["which colour is the top of the right tower?", "blue"],
    ["which colour is the base of the left tower?", "blue"],
    ["how many towers have two blocks?", "1"],
  ])("of towers: %s: %s", (question, answer) => {
    expect(ofTowers.get(question)).toBe(answer);
  });

  it.each([
    ["how many blue items are there?", "2"],
    ["how many boxes have a square?", "2"],
    ["how many black triangles has the box with most of them?", "2"],
    ["how many blue items are touching the base?", "2"],
    ["how many triangles are touching the top?", "1"],
    ["how many boxes have 3 items?", "1"],
  ])("of boxes: %s: %s", (question, answer) => {
    expect(ofScattered.get(question)).toBe(answer);
  });
});

it("writes one of the wordings, as a sentence or as a note", () => {
  const template = "there is {a|at least one} box with {|exactly} {2|two} items";
  expect(wordingsOf(template)).toHaveLength(8);
  const drawn = (...draws: number[]) => write(template, (most) => { const next = draws.shift()!; expect(next).toBeLessThan(most); return next; });
  expect(drawn(1, 0, 1, 0)).toBe("there is at least one box with two items");
  expect(drawn(0, 1, 0, 1)).toBe("There is a box with exactly 2 items.");
  expect(write("how many {items|objects} are there?", () => 1)).toBe("How many objects are there?");
});
