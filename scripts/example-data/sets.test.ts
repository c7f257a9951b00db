import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createImage, encodePng, fillRect, type Image } from "../../packages/images/src/index.ts";
import type { BoxExample, BoxObject } from "./boxes.ts";
import { sets } from "./sets.ts";

/** Three boxes of an example, each in a grey of its own, so that a picture shows which box stands where. */
const greys = [40, 80, 120] as const;
const example = (id: string, row: number, objects: BoxObject[][], sentence: string, label: boolean): BoxExample => ({ id, sentence, label, sheet: "sheet", col: 0, row, objects });
const examples = [
  example("a", 0, [[[40, 80, 20, "square", "blue"], [40, 59, 20, "square", "black"]], [[40, 80, 20, "square", "yellow"]], []], "There is a tower with two blocks.", true),
  example("b", 1, [[[0, 0, 10, "circle", "blue"]], [[50, 50, 30, "triangle", "black"]], [[20, 20, 20, "square", "yellow"], [70, 80, 20, "square", "yellow"]]], "There is a green thing.", false),
  ...["c", "d", "e"].map((id) => example(id, 0, [[[40, 80, 20, "square", "yellow"]], [[40, 80, 20, "square", "black"], [40, 59, 20, "square", "blue"]], [[40, 80, 20, "square", "blue"]]], "There is a blue tower.", true)),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-boxes-"));
  await mkdir(join(folder, "images"));
  const sheet = createImage(300, 200, 3, 0);
  for (const row of [0, 1]) greys.forEach((grey, box) => fillRect(sheet, { left: 100 * box, top: 100 * row, width: 100, height: 100 }, [grey, grey, grey]));
  await writeFile(join(folder, "images/sheet.png"), await encodePng(sheet));
  for (const part of ["train", "dev"]) await writeFile(join(folder, `${part}.jsonl`), examples.map((one) => JSON.stringify(one)).join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Which box a picture shows at each place; -1 for none. */
const orderIn = (picture: Image): number[] => [[50, 50], [100, 175], [175, 50]].map(([left, top]) => greys.indexOf(picture.data[3 * (top! * picture.width + left!)] as 40));
const names = ["left", "middle", "right"];

describe.each(["descriptions", "placements", "questions", "statements", "statement-pairs", "sentences"] as const)("%s", (set) => {
  it("has rows for every picture and pictures for every row, of which none to be measured on is one to learn from", async () => {
    const { pictures, tables } = await sets[set](folder);
    const named = Object.values(tables).map((rows) => new Set(rows.flatMap(({ image, left, right }) => [image, left, right].filter((path) => path !== undefined))));
    expect(new Set(named.flatMap((paths) => [...paths]))).toEqual(new Set([...pictures.keys()].map((name) => `images/${name}`)));
    expect([...named[0]!].filter((path) => named[1]!.has(path))).toEqual([]);
    expect(await sets[set](folder)).toMatchObject({ tables });
  });
});

it("says what each picture shows, in whichever order its boxes stand", async () => {
  const { pictures, tables } = await sets.descriptions(folder);
  const seen = new Set<string>();
  for (const { image, caption } of tables.train) {
    const order = orderIn(await pictures.get(String(image).slice("images/".length))!());
    const { objects } = examples.find(({ id }) => String(image).includes(`-${id}`))!;
    seen.add(order.join(" "));
    const told = String(caption).split(". ");
    expect(told.map((part) => part.split(":")[0])).toEqual(names.filter((_, place) => order[place] !== -1));
    for (const part of told) expect(part).toContain(objects[order[names.indexOf(part.split(":")[0]!)]!]!.length === 0 ? "nothing" : `${objects[order[names.indexOf(part.split(":")[0]!)]!]!.length} thing`);
  }
  expect(seen.size).toBeGreaterThan(3);
});

it("speaks of the boxes in sight, by the places where they stand", async () => {
  const { pictures, tables } = await sets.statements(folder);
  const seen = new Set<string>();
  for (const { image, question, answer } of tables.train) {
    const order = orderIn(await pictures.get(String(image).slice("images/".length))!());
    const { objects } = examples.find(({ id }) => String(image).includes(`-${id}`))!;
    const asked = /^which colour is the (top|base) of the (\w+) tower\?$/i.exec(String(question));
    if (asked) {
      const [, end, place] = asked;
      const tower = [...objects[order[names.indexOf(place!)]!]!].sort(([, y], [, otherY]) => otherY - y);
      expect([question, answer]).toEqual([question, tower.at(end === "top" ? -1 : 0)![4]]);
      seen.add(`${place} of ${order.filter((box) => box !== -1).length}`);
    }
    const total = /^how many (yellow|black|blue) (block|item|object)s are there\?$/i.exec(String(question));
    if (total) expect([question, answer]).toEqual([question, String(order.flatMap((box) => objects[box] ?? []).filter(([, , , , colour]) => colour === total[1]).length)]);
  }
  expect(seen.size).toBeGreaterThan(1);
});

it("adds made sentences to learn from, which are as true as the lists of objects have it, to NLVR's own", async () => {
  const [{ tables: own }, { tables: more }] = await Promise.all([sets.sentences(folder), sets["statement-pairs"](folder)]);
  expect(more.val).toEqual(own.val);
  expect(more.train.length).toBe(3 * own.train.length);
  for (const row of own.train) expect(more.train).toContainEqual(row);
  let checked = 0;
  for (const { left, sentence, label } of more.train) {
    const said = /^there (?:is|are) (exactly|only|at least)? ?(\d) (yellow|black|blue) (?:block|item|object|circle|square|triangle)s?\.?$/i.exec(String(sentence));
    if (!said) continue;
    const [, comparison, number, colour] = said;
    const { objects } = examples.find(({ id }) => String(left).includes(`-${id}-`))!;
    const shape = /circle|square|triangle/.exec(String(sentence))?.[0];
    const actual = objects.flat().filter((object) => object[4] === colour && (shape === undefined || object[3] === shape)).length;
    expect([sentence, label]).toEqual([sentence, comparison === "at least" ? actual >= Number(number) : actual === Number(number)]);
    checked++;
  }
  expect(checked).toBeGreaterThan(0);
});

it("asks what the picture in sight answers", async () => {
  const { pictures, tables } = await sets.questions(folder);
  let checked = 0;
  for (const { image, question, answer } of [...tables.train, ...tables.val]) {
    const asked = /how many (?:(yellow|black|blue) )?(thing|circle|square|triangle)s are in the (\w+) box/.exec(String(question));
    if (!asked) continue;
    const order = orderIn(await pictures.get(String(image).slice("images/".length))!());
    const { objects } = examples.find(({ id }) => String(image).includes(`-${id}`))!;
    const [, colour, shape, name] = asked;
    const fitting = objects[order[names.indexOf(name!)]!]!.filter((object) => (colour === undefined || object[4] === colour) && (shape === "thing" || object[3] === shape));
    expect([question, answer]).toEqual([question, String(fitting.length)]);
    checked++;
  }
  expect(checked).toBeGreaterThan(5);
});
