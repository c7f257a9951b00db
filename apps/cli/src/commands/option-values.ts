import { InvalidArgumentError } from "commander";
import { formatValue } from "@multiway/errors";
import type { Augmentation } from "@multiway/beit3";
import { nearest } from "../errors/nearest.ts";

/** Of `--augment`; the package's own list would load the package for the sake of a help text. */
export const augmentations = ["official", "light", "strong", "none"] as const satisfies readonly Augmentation[];

/** Reads a whole number. */
export function wholeNumber(flag: string, { least, most }: { least: number; most: number }): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const expected = most >= 10_000_000 ? `a whole number from ${least} on` : `a whole number from ${least} to ${most}`;
    throw new InvalidArgumentError(`${flag} is ${formatValue(text)}; expected ${expected}.`);
  };
}

/** Reads one of some names. */
export function choice<Name extends string>(flag: string, names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const suggestion = nearest(text, names);
    throw new InvalidArgumentError(`${flag} is ${formatValue(text)}; expected ${names.slice(0, -1).join(", ")} or ${names.at(-1)}.${suggestion ? ` Did you mean ${suggestion}?` : ""}`);
  };
}

/** Reads the name of a folder. `--out --resume` is a forgotten name, not a folder called `--resume`. */
export function folderName(flag: string): (text: string) => string {
  return (text) => {
    if (text.trim() !== "" && !text.startsWith("--")) return text;
    throw new InvalidArgumentError(`${flag} is ${formatValue(text)}; expected the name of a folder.`);
  };
}

/** Reads a number. */
export function realNumber(flag: string, { least, above, most, below }: { least?: number; above?: number; most?: number; below?: number }): (text: string) => number {
  const bounds = [least !== undefined && `from ${least}`, above !== undefined && `above ${above}`, most !== undefined && `up to ${most}`, below !== undefined && `below ${below}`].filter(Boolean).join(", ");
  return (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (Number.isFinite(value) && value >= (least ?? -Infinity) && value > (above ?? -Infinity) && value <= (most ?? Infinity) && value < (below ?? Infinity)) return value;
    throw new InvalidArgumentError(`${flag} is ${formatValue(text)}; expected a number ${bounds}.`);
  };
}
