import { DataError, formatList } from "@multiway/errors";
import { formatPlace } from "../tables/row.ts";
import type { ClassificationExample } from "./example.ts";

/**
 * The classes of a data set by number: those that are given, else all that occur, numbers in their order and names in that of code points.
 *
 * @throws DataError for fewer than two classes, a name that comes twice, a given class that has no example, and an example of none of the given classes
 */
export function classesOf(examples: readonly ClassificationExample[], given?: readonly string[]): string[] {
  const found = new Set(examples.map(({ label }) => label));
  if (!given) {
    const areNumbers = [...found].every((label) => /^\d+$/.test(label));
    const classes = [...found].sort((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : 1));
    if (classes.length < 2) throw new DataError(`classesOf: all ${examples.length} examples are of class ${formatList(classes)}; expected at least two classes. Add examples of others.`);
    return classes;
  }
  const twice = given.find((name, index) => given.indexOf(name) !== index);
  if (twice !== undefined) throw new DataError(`classesOf: class ${JSON.stringify(twice)} is listed twice; expected each name once.`);
  const empty = given.filter((name) => !found.has(name));
  if (empty.length > 0) throw new DataError(`classesOf: ${formatList(empty.map((name) => JSON.stringify(name)))} of ${given.length} classes ${empty.length > 1 ? "have" : "has"} no example to learn from. Add some, or take the name off the list.`, { details: { empty } });
  numbersOfClasses(examples, given);
  return [...given];
}

/** The class number of each example. @throws DataError naming the first example whose class is not listed */
export function numbersOfClasses(examples: readonly ClassificationExample[], classes: readonly string[]): Int32Array {
  const numbers = new Map(classes.map((name, number) => [name, number]));
  return Int32Array.from(examples, (example) => {
    const number = numbers.get(example.label);
    if (number !== undefined) return number;
    throw new DataError(`numbersOfClasses: ${formatPlace(example)}: class ${JSON.stringify(example.label)} is none of the ${classes.length}: ${formatList([...classes])}. Mend the label, or train with examples of this class.`, { details: { label: example.label } });
  });
}
