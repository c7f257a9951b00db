import { expect, it } from "vitest";
import { nlvr2Accuracy } from "../index.ts";

const identifiers = ["dev-1-0-0", "dev-1-1-0", "dev-1-2-0", "dev-1-0-1", "dev-1-1-1", "dev-2-0-0"];

it("counts examples, and sentences all of whose examples are right", () => {
  const labels = [true, false, true, true, false, true];
  expect(nlvr2Accuracy(labels, labels, identifiers)).toEqual({ accuracy: 1, consistency: 1 });
  // One of the first sentence's three pairs is wrong: two of three sentences stay.
  expect(nlvr2Accuracy([true, true, true, true, false, true], labels, identifiers)).toEqual({ accuracy: 5 / 6, consistency: 2 / 3 });
  expect(nlvr2Accuracy(labels.map((label) => !label), labels, identifiers)).toEqual({ accuracy: 0, consistency: 0 });
});

it("refuses unequal numbers, nothing, and identifiers that name no sentence", () => {
  expect(() => nlvr2Accuracy([true], [true, false], ["dev-1-0-0", "dev-1-1-0"])).toThrow("nlvr2Accuracy: 1 predictions and 2 labels are given");
  expect(() => nlvr2Accuracy([true], [true], [])).toThrow("nlvr2Accuracy: 1 predictions and 0 identifiers are given");
  expect(() => nlvr2Accuracy([], [], [])).toThrow("nlvr2Accuracy: no predictions are given");
  expect(() => nlvr2Accuracy([true], [true], ["sentence 5"])).toThrow('nlvr2Accuracy: example 0 is called "sentence 5"; expected an identifier such as "dev-850-0-1": split, set, pair, sentence.');
});
