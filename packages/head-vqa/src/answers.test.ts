import { DataError } from "@multiway/errors";
import { expect, it } from "vitest";
import { AnswerList, scoreOfCount } from "./index.ts";

it("scores answers by how many people gave them", () => {
  expect([0, 1, 2, 3, 4, 10].map(scoreOfCount)).toEqual([0, 0.3, 0.6, 0.9, 1, 1]);
});

it("keeps frequent answers in the order in which they came", () => {
  const list = AnswerList.fromCounts(["no", "yes", "two", "yes", "no", "yes"], { least: 2 });
  expect(list.answers).toEqual(["no", "yes"]);
  expect(AnswerList.fromCounts(Array.from({ length: 9 }, () => "red")).answers).toEqual(["red"]);
  expect(AnswerList.fromCounts(Array.from({ length: 8 }, () => "red")).size).toBe(0);
});

it("targets count the answers of the list; a question without any teaches nothing", () => {
  const list = new AnswerList(["yes", "no", "maybe"]);
  expect([...list.targetsOf(["no", "no", "yes", "who knows", "no", "no"])!].map((score) => Number(score.toFixed(6)))).toEqual([0.3, 1, 0]);
  expect(list.targetsOf(["blue", "green"])).toBeUndefined();
  expect(list.targetsOf([])).toBeUndefined();
});

it("reads what it writes, in any order of lines", () => {
  const list = new AnswerList(["yes", 'with "quotes"', "café"]);
  expect(AnswerList.parse(list.toString()).answers).toEqual(list.answers);
  expect(AnswerList.parse(list.toString().trim().split("\n").toReversed().join("\n")).answers).toEqual(list.answers);
  expect(list.numberOf("café")).toBe(2);
  expect(list.numberOf("tea")).toBeUndefined();
});

it.each([
  ['{"answer":"yes","label":0}\nyes', "line 2 is no JSON"],
  ['{"answer":"yes","label":-1}', "line 1 has answer"],
  ['{"answer":"yes","label":0.5}', "line 1 has answer"],
  ['{"answer":3,"label":0}', "line 1 has answer"],
  ["null", "line 1 has answer"],
  ['{"answer":"yes","label":0}\n{"answer":"no","label":0}', 'line 2 gives label 0 to "no"'],
  ['{"answer":"yes","label":0}\n{"answer":"no","label":2}', "no line has label 1"],
  ['{"answer":"yes","label":0}\n{"answer":"yes","label":1}', '"yes" comes twice'],
])("refuses %j", (text, message) => {
  expect(() => AnswerList.parse(text)).toThrow(DataError);
  expect(() => AnswerList.parse(text)).toThrow(message);
});
