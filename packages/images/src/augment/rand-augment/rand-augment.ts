import { formatList, formatValue, OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { Image } from "../../image.ts";
import { checkRgb, drawAmount, randAugmentOperations, type RandAugmentName } from "./operations.ts";

export interface RandAugmentOptions {
  /** How many operations are drawn, one after another, repetition allowed; default 2. */
  operations?: number;
  /** Strength of each, 0 … 10; default 7. */
  magnitude?: number;
  /** Probability that a drawn operation is carried out; default 0.5. */
  probability?: number;
  /** What is drawn from; default the ten of BEiT-3. */
  from?: readonly RandAugmentName[];
}

/** What BEiT-3 draws from. */
export const beit3RandAugment: readonly RandAugmentName[] = ["Identity", "AutoContrast", "Equalize", "Brightness", "Sharpness", "ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"];

/**
 * Random augmentation as BEiT-3 tunes for question answering and captioning: RandAugment(2, 7).
 *
 * Operations equal those of the official code, overflowing bytes included: `AutoContrast` there turns a picture white
 * unless its darkest value is 0, and `Sharpness` wraps around. Leave them out with `from` for a sound augmentation.
 *
 * ```ts
 * const augmented = randAugment(image, key(7).fold(step));
 * ```
 *
 * @param image of three channels
 * Source: Cubuk et al. 2020, "RandAugment"; microsoft/unilm `beit3/randaug.py` (facts).
 */
export function randAugment(image: Image, key: Key, options: RandAugmentOptions = {}): Image {
  const { operations = 2, magnitude = 7, probability = 0.5, from = beit3RandAugment } = options;
  checkRgb("randAugment", image);
  if (!Number.isInteger(operations) || operations < 0) throw new OptionError(`randAugment: operations is ${formatValue(operations)}; expected a whole number from 0 up.`);
  if (!(magnitude >= 0 && magnitude <= 10)) throw new OptionError(`randAugment: magnitude is ${formatValue(magnitude)}; expected a number from 0 to 10.`);
  if (!(probability >= 0 && probability <= 1)) throw new OptionError(`randAugment: probability is ${formatValue(probability)}; expected a number from 0 to 1.`);
  const unknown = from.find((name) => !Object.hasOwn(randAugmentOperations, name));
  if (unknown !== undefined || from.length === 0) {
    throw new OptionError(`randAugment: from ${unknown === undefined ? "is empty" : `has ${formatValue(unknown)}`}; expected ${formatList(Object.keys(randAugmentOperations))}.`);
  }
  let result = image;
  for (let step = 0; step < operations; step++) {
    const [forName, forChance, forSign] = key.fold(step).split(3) as [Key, Key, Key];
    const operation = randAugmentOperations[from[forName.integer(0, from.length)]!];
    if (forChance.number() >= probability) continue;
    result = operation.apply(result, drawAmount(operation, magnitude, forSign));
  }
  return result;
}
