import { OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { Image } from "../image.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "../tone/enhance.ts";

export interface ColorJitterOptions {
  /** Each factor is uniform in 1 − x … 1 + x (not below 0); 0 leaves it alone; default 0.4, as in BEiT pretraining. */
  brightness?: number;
  contrast?: number;
  saturation?: number;
}

/**
 * Brightness, contrast and saturation by random factors, in random order.
 *
 * Source: torchvision 0.14, `transforms.ColorJitter` without hue.
 */
export function colorJitter(image: Image, key: Key, options: ColorJitterOptions = {}): Image {
  const { brightness = 0.4, contrast = 0.4, saturation = 0.4 } = options;
  const steps = [
    { adjust: adjustBrightness, strength: brightness },
    { adjust: adjustContrast, strength: contrast },
    { adjust: adjustSaturation, strength: saturation },
  ];
  const [forOrder, forFactors] = key.split(2) as [Key, Key];
  const draws = forFactors.uniform(steps.length);
  let result = image;
  for (const index of forOrder.permutation(steps.length)) {
    const { adjust, strength } = steps[index]!;
    if (!(strength >= 0)) throw new OptionError(`colorJitter: a strength is ${strength}; expected a number from 0 up.`);
    if (strength === 0) continue;
    const low = Math.max(0, 1 - strength);
    result = adjust(result, low + (1 + strength - low) * draws[index]!);
  }
  return result;
}
