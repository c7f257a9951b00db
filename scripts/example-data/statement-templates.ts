import type { Question } from "./balance.ts";
import { areTowers, colours, count, edgesOf, placeNames, shapes, upwards, type BoxObject, type Colour, type Shape } from "./boxes.ts";

type Box = readonly BoxObject[];

/** Something that is true or false of three boxes. `{a|b}` in its template is either word. */
export interface Statement {
  template: string;
  isTrue: boolean;
}

const numberWords = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"] as const;
const numeral = (number: number): string => `{${number}|${numberWords[number]!}}`;
const is = (number: number): string => (number === 1 ? "is" : "are");
const plural = (name: string, number: number): string => (number === 1 ? name : `${name}s`);

/** How people compare a number with another, as those who wrote NLVR's sentences mean it: a number alone is exact. */
const comparisons = (number: number): { says: string; holds: (actual: number) => boolean }[] => [
  { says: `{|exactly|only} ${numeral(number)}`, holds: (actual) => actual === number },
  { says: `at least ${numeral(number)}`, holds: (actual) => actual >= number },
  ...(number > 1 ? [{ says: `at most ${numeral(number)}`, holds: (actual: number) => actual > 0 && actual <= number }] : []),
];

/** What is spoken of: by colour and shape, by one of them, or at all. */
interface Thing {
  name: string;
  in(box: Box): number;
}
const thing = (name: string, shape?: Shape, colour?: Colour): Thing => ({ name, in: (box) => count(box, shape, colour) });

/** The words for what a picture shows. */
interface Words {
  any: Thing;
  coloured: Thing[];
  shaped: Thing[];
  container: string;
  containers: string;
}

const towerWords: Words = {
  any: thing("block"),
  coloured: colours.map((colour) => thing(`${colour} block`, undefined, colour)),
  shaped: [],
  container: "tower",
  containers: "towers",
};
const boxWords: Words = {
  any: thing("{item|object}"),
  coloured: colours.map((colour) => thing(`${colour} {item|object}`, undefined, colour)),
  shaped: [...shapes.map((shape) => thing(shape, shape)), ...colours.flatMap((colour) => shapes.map((shape) => thing(`${colour} ${shape}`, shape, colour)))],
  container: "{box|grey box|grey square}",
  containers: "{boxes|grey boxes|grey squares}",
};

const howMany = <T>(all: readonly T[], fits: (one: T) => boolean): number => all.filter(fits).length;
const upTo = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);

/** Of a tower, whose blocks are told from its base up. */
const ends = [
  { name: "top", of: (tower: Colour[]) => tower.at(-1) },
  { name: "base", of: (tower: Colour[]) => tower[0] },
];

/** All that could be said of three boxes, by kind. */
export function statementsOf(boxes: readonly Box[]): Statement[][] {
  const isTower = areTowers(boxes);
  const words = isTower ? towerWords : boxWords;
  return [totals(boxes, words), contents(boxes, words), sizes(boxes, words, isTower ? 4 : 7), containersWith(boxes, words), pairs(boxes, words), colourings(boxes, words), ...(isTower ? towers(boxes) : [touching(boxes, words), touching(boxes, words)])];
}

/**
 * Questions with a number or a colour for an answer about what the statements speak of, by kind. A statement alone is hard to begin with: true and false are as frequent whatever its words are, so that nothing is gained before it
 * is understood and looked up at once.
 *
 * @param names  of the places where the boxes stand
 */
export function questionsBehind(boxes: readonly Box[], names: readonly string[] = placeNames): Question[][] {
  const isTower = areTowers(boxes);
  const { any, coloured, shaped, container, containers } = isTower ? towerWords : boxWords;
  const things = [...coloured, ...shaped];
  const numbers = (all: readonly { question: string; number: number }[]): Question[] => all.map(({ question, number }) => ({ question, answer: String(Math.min(number, mostCounted)) }));
  const objects = boxes.flat();
  const kinds = [
    numbers(things.map(({ name, in: within }) => ({ question: `how many ${name}s are there?`, number: within(objects) }))),
    numbers(things.map(({ name, in: within }) => ({ question: `how many ${containers} have a ${name}?`, number: howMany(boxes, (box) => within(box) > 0) }))),
    numbers(things.map(({ name, in: within }) => ({ question: `how many ${name}s has the ${container} with most of them?`, number: Math.max(...boxes.map(within)) }))),
  ];
  if (isTower) {
    const towers = boxes.map(upwards);
    return [
      ...kinds,
      numbers(ends.flatMap(({ name, of }) => colours.map((colour) => ({ question: `how many towers have a ${colour} block at the ${name}?`, number: howMany(towers, (tower) => of(tower) === colour) })))),
      ends.flatMap(({ name, of }) => towers.flatMap((tower, place) => (tower.length === 0 ? [] : [{ question: `which colour is the ${name} of the ${names[place]!} tower?`, answer: of(tower)! }]))),
      numbers(upTo(4).map((height) => ({ question: `how many towers have ${numeral(height)} ${plural("block", height)}?`, number: howMany(towers, ({ length }) => length === height) }))),
    ];
  }
  return [
    ...kinds,
    numbers(places.flatMap(({ says, touches }) => things.map(({ name, in: within }) => ({ question: `how many ${name}s are touching ${says}?`, number: within(objects.filter(touches)) })))),
    numbers(upTo(7).map((number) => ({ question: `how many ${containers} have ${numeral(number)} ${plural(any.name, number)}?`, number: howMany(boxes, ({ length }) => length === number) }))),
  ];
}

/** The answers that the questions about one box have go up to here. */
const mostCounted = 7;

/** "there are exactly two yellow squares" */
const totals = (boxes: readonly Box[], { coloured, shaped }: Words): Statement[] =>
  [...coloured, ...shaped].flatMap((one) => upTo(4).flatMap((number) => comparisons(number).map(({ says, holds }) => ({ template: `there ${is(number)} ${says} ${plural(one.name, number)}`, isTrue: holds(one.in(boxes.flat())) }))));

/** "there is a box with at least two circles" */
const contents = (boxes: readonly Box[], { coloured, shaped, container }: Words): Statement[] =>
  [...coloured, ...shaped].flatMap((one) => upTo(3).flatMap((number) => comparisons(number).map(({ says, holds }) => ({ template: `there is {a|1|at least one} ${container} with ${says} ${plural(one.name, number)}`, isTrue: boxes.some((box) => holds(one.in(box))) }))));

/** "there is a tower with four blocks" */
const sizes = (boxes: readonly Box[], { any, container }: Words, most: number): Statement[] =>
  upTo(most).flatMap((number) => comparisons(number).flatMap(({ says, holds }) => {
    const isTrue = boxes.some(({ length }) => holds(length));
    return [
      { template: `there is {a|at least one} ${container} with ${says} ${plural(any.name, number)}`, isTrue },
      { template: `one of the grey {square|box} contains ${says} ${plural("{item|object}", number)}`, isTrue },
    ];
  }));

/** "there are two boxes with a black item" */
const containersWith = (boxes: readonly Box[], { coloured, shaped, container, containers }: Words): Statement[] =>
  [...coloured, ...shaped].flatMap((one) => upTo(3).flatMap((number) => comparisons(number).map(({ says, holds }) => ({ template: `there ${is(number)} ${says} ${number === 1 ? container : containers} with a ${one.name}`, isTrue: holds(howMany(boxes, (box) => one.in(box) > 0)) }))));

/** "there is a box with a blue square and a yellow square" */
const pairs = (boxes: readonly Box[], { coloured, shaped, container }: Words): Statement[] =>
  [coloured, shaped].flatMap((things) => things.flatMap((one) => things.filter((other) => other !== one).map((other) => ({ template: `there is {a|at least one} ${container} with a ${one.name} and a ${other.name}`, isTrue: boxes.some((box) => one.in(box) > 0 && other.in(box) > 0) }))));

/** "there is a box with only blue items" */
const colourings = (boxes: readonly Box[], { any, coloured, container }: Words): Statement[] => [
  ...coloured.flatMap((one) => [
    { template: `there is a ${container} with {only|all} ${one.name}s`, isTrue: boxes.some((box) => box.length > 0 && one.in(box) === box.length) },
    { template: `there is a ${container} with no ${one.name}`, isTrue: boxes.some((box) => one.in(box) === 0) },
    { template: `there is a ${container} with ${any.name}s that are not ${one.name.split(" ")[0]!}`, isTrue: boxes.some((box) => box.length > one.in(box)) },
  ]),
  ...upTo(3).map((number) => ({
    template: `there is a ${container} with ${any.name}s of ${number === 1 ? "the same color" : `${numeral(number)} different colors`}`,
    isTrue: boxes.some((box) => howMany(colours, (colour) => count(box, undefined, colour) > 0) === number),
  })),
];

const places: readonly { says: string; touches: (object: BoxObject) => boolean }[] = [
  { says: "{the bottom of a box|the base|the bottom}", touches: (object) => edgesOf(object).includes("bottom") },
  { says: "{right wall of a box|the right wall}", touches: (object) => edgesOf(object).includes("right") },
  { says: "{the top of a box|the top}", touches: (object) => edgesOf(object).includes("top") },
  { says: "{the edge|the wall|any edge}", touches: (object) => edgesOf(object).length > 0 },
  { says: "{a corner|the corner}", touches: (object) => edgesOf(object).length === 2 },
];

/** "there is exactly one black circle closely touching the bottom of a box" */
const touching = (boxes: readonly Box[], { coloured, shaped }: Words): Statement[] =>
  places.flatMap(({ says, touches }) => [...coloured, ...shaped].flatMap(({ name, in: within }) => {
    const number = within(boxes.flat().filter(touches));
    const end = `{closely|} touching ${says}`;
    return [
      { template: `there is {a|at least one} ${name} ${end}`, isTrue: number > 0 },
      { template: `there is {exactly one|only one|1} ${name} ${end}`, isTrue: number === 1 },
      { template: `there is no ${name} ${end}`, isTrue: number === 0 },
      ...[2, 3].map((many) => ({ template: `there are {|exactly} ${numeral(many)} ${name}s ${end}`, isTrue: number === many })),
      { template: `there is {a|at least one} ${name} not touching ${says}`, isTrue: within(boxes.flat()) > number },
    ];
  }));

/** About tops, bases, and what stands on what. The most usual kinds twice. */
function towers(boxes: readonly Box[]): Statement[][] {
  const all = boxes.map(upwards);
  const counted = ends.flatMap(({ name, of }) => colours.flatMap((colour) => upTo(3).flatMap((number) => comparisons(number).map(({ says, holds }) => ({
    template: `there ${is(number)} ${says} ${plural("tower", number)} with a ${colour} ${name === "top" ? "block {at the top|on the top|as the top}" : "block {at the base|as the base|at base}"}`,
    isTrue: holds(howMany(all, (tower) => of(tower) === colour)),
  })))));
  const tall = ends.flatMap(({ name, of }) => colours.flatMap((colour) => upTo(4).flatMap((number) => comparisons(number).map(({ says, holds }) => ({
    template: `there is a ${colour} block {as|at} the ${name} of a tower with ${says} ${plural("block", number)}`,
    isTrue: all.some((tower) => of(tower) === colour && holds(tower.length)),
  })))));
  const named = ends.flatMap(({ name, of }) => colours.flatMap((colour) => upTo(4).map((number) => ({
    template: `the tower with {exactly|} ${numeral(number)} ${plural("block", number)} has a ${colour} block at the ${name}`,
    isTrue: all.some((tower) => tower.length === number && of(tower) === colour),
  }))));
  const on = colours.flatMap((upper) => colours.flatMap((lower) => [
    { template: `there is a tower with {a ${upper} block above a ${lower} block|a ${lower} block below a ${upper} block}`, isTrue: all.some((tower) => tower.some((colour, height) => colour === upper && tower.slice(0, height).includes(lower))) },
    { template: `there is {a|at least one} ${upper} block on a ${lower} block`, isTrue: all.some((tower) => tower.some((colour, height) => height > 0 && colour === upper && tower[height - 1] === lower)) },
  ]));
  const together = colours.flatMap((colour) => [
    { template: `there is a ${colour} tower`, isTrue: all.some((tower) => tower.length > 0 && tower.every((one) => one === colour)) },
    // What people meant by this was two towers.
    ...ends.map(({ name, of }) => ({ template: `there are {two|2} ${colour} blocks as the ${name} of a tower`, isTrue: howMany(all, (tower) => of(tower) === colour) === 2 })),
  ]);
  return [counted, counted, tall, tall, named, on, together];
}

const alternatives = /\{([^}]*)\}/g;

/** All wordings of a template. */
export function wordingsOf(template: string): string[] {
  const written = template.split(alternatives).reduce<string[]>((texts, part, index) => (index % 2 === 0 ? [part] : part.split("|")).flatMap((word) => texts.map((text) => text + word)), [""]);
  return written.map(tidy);
}

/**
 * One wording of a template, as a sentence or without capital and full stop: people write both.
 *
 * @param draw  a whole number below `count`
 */
export function write(template: string, draw: (count: number) => number): string {
  const written = tidy(template.replaceAll(alternatives, (_, words: string) => {
    const all = words.split("|");
    return all[draw(all.length)]!;
  }));
  return draw(2) === 0 ? written : `${written[0]!.toUpperCase()}${written.slice(1)}${written.endsWith("?") ? "" : "."}`;
}

const tidy = (text: string): string => text.replaceAll(/ +/g, " ");
