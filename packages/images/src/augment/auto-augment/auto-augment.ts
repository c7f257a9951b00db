import { OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { TransformOptions } from "../../affine/transform.ts";
import type { Image } from "../../image.ts";
import { checkRgb } from "../rand-augment/operations.ts";
import { autoAugmentOperations, type AutoAugmentOperation } from "./operations.ts";
import { parseAutoAugment, type AutoAugmentPolicy } from "./policy.ts";

/** The mean colour of ImageNet, timm's fill. */
const imagenetMean = [124, 116, 104] as const;

/**
 * Random augmentation by a policy string of timm, such as `rand-m9-mstd0.5-inc1`, which ImageNet tuning of BEiT-3 uses.
 *
 * ```ts
 * const augmented = autoAugment(image, key(7).fold(step), "rand-m9-mstd0.5-inc1");
 * ```
 *
 * @param image of three channels
 * @param policy a string, or what `parseAutoAugment` made of it
 * @param options how pictures are warped; default bicubic, filled with ImageNet's mean colour (124, 116, 104)
 * Source: timm 0.4.12, `auto_augment.py` (facts); operations are Pillow's, bit for bit.
 */
export function autoAugment(image: Image, key: Key, policy: string | AutoAugmentPolicy, options: TransformOptions = {}): Image {
  checkRgb("autoAugment", image);
  const rule = typeof policy === "string" ? parseAutoAugment(policy) : policy;
  const { operations, magnitude, magnitudeStd, maxMagnitude, probability, isIncreasing, isWeighted } = rule;
  const [forOperations, forSteps] = key.split(2) as [Key, Key];
  const available = Object.values(autoAugmentOperations(isIncreasing));
  const drawn = isWeighted ? drawByWeight(available, operations, forOperations) : Array.from({ length: operations }, (_, step) => available[forOperations.fold(step).integer(0, available.length)]!);
  let result = image;
  for (const [step, operation] of drawn.entries()) {
    const [forChance, forMagnitude, forSign] = forSteps.fold(step).split(3) as [Key, Key, Key];
    if (forChance.number() >= probability) continue;
    const wanted = magnitudeStd === Infinity ? forMagnitude.number(0, magnitude) : magnitude + magnitudeStd * forMagnitude.normal(1)[0]!;
    const strength = Math.min(maxMagnitude, Math.max(0, wanted));
    result = operation.apply(result, operation.amountOf(strength, forSign.number() > 0.5 ? -1 : 1), { filter: "bicubic", fill: imagenetMean, ...options });
  }
  return result;
}

/** Without repetition. */
function drawByWeight(available: readonly AutoAugmentOperation[], count: number, key: Key): AutoAugmentOperation[] {
  let left = available.filter(({ weight }) => weight > 0);
  if (count > left.length) throw new OptionError(`autoAugment: the policy draws ${count} operations without repetition; ${left.length} have a weight. Lower n, or leave out w0.`);
  const drawn: AutoAugmentOperation[] = [];
  for (let step = 0; step < count; step++) {
    let remaining = key.fold(step).number() * left.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = left.find(({ weight }) => (remaining -= weight) < 0) ?? left.at(-1)!;
    drawn.push(chosen);
    left = left.filter((operation) => operation !== chosen);
  }
  return drawn;
}
