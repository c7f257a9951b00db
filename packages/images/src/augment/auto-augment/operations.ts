import { rotate, transformAffine, type TransformOptions } from "../../affine/transform.ts";
import type { Image } from "../../image.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "../../tone/enhance.ts";
import { adjustSharpness } from "../../tone/sharpness.ts";
import { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from "../../tone/tone.ts";

/** An operation of timm's random policies. */
export interface AutoAugmentOperation {
  /** @param sign 1 or −1, drawn evenly; operations without a direction ignore it */
  amountOf(magnitude: number, sign: number): number;
  apply(image: Image, amount: number, options: TransformOptions): Image;
  /** How often it is drawn in a weighted policy. */
  readonly weight: number;
}

/** Magnitudes run from 0 to 10. */
const levels = 10;
type Amount = AutoAugmentOperation["amountOf"];
type Apply = AutoAugmentOperation["apply"];

const none: Amount = () => 0;
const factor: Amount = (magnitude) => (magnitude / levels) * 1.8 + 0.1;
const factorAroundOne: Amount = (magnitude, sign) => Math.max(0.1, 1 + sign * (magnitude / levels) * 0.9);
const keptBits: Amount = (magnitude) => Math.trunc((magnitude / levels) * 4);
// A raised `mmax` would leave the range.
const clampBits = (bits: number) => Math.min(8, Math.max(0, bits));
const threshold: Amount = (magnitude) => Math.trunc((magnitude / levels) * 256);
const signed =
  (most: number): Amount =>
  (magnitude, sign) =>
    sign * (magnitude / levels) * most;

const operation = (weight: number, amountOf: Amount, apply: Apply): AutoAugmentOperation => ({ weight, amountOf, apply });

/**
 * timm's fifteen operations.
 *
 * @param isIncreasing whether colour, contrast, brightness, sharpness, posterising and solarising leave the picture alone at
 *   magnitude 0 and grow stronger from there; otherwise some run from one extreme to the other, or backwards
 *
 * Source: timm 0.4.12, `auto_augment.py` (facts).
 */
export function autoAugmentOperations(isIncreasing: boolean): Record<string, AutoAugmentOperation> {
  const enhancing = isIncreasing ? factorAroundOne : factor;
  const bits: Amount = (magnitude, sign) => clampBits(isIncreasing ? 4 - keptBits(magnitude, sign) : keptBits(magnitude, sign));
  const limit: Amount = isIncreasing ? (magnitude, sign) => 256 - threshold(magnitude, sign) : threshold;
  return {
    AutoContrast: operation(0.025, none, autoContrast),
    Equalize: operation(0.005, none, equalize),
    Invert: operation(0, none, invert),
    Rotate: operation(0.3, signed(30), rotate),
    Posterize: operation(0, bits, posterize),
    Solarize: operation(0.005, limit, (image, amount) => solarize(image, amount)),
    SolarizeAdd: operation(0.005, (magnitude) => Math.trunc((magnitude / levels) * 110), (image, amount) => solarizeAdd(image, amount)),
    Color: operation(0.025, enhancing, adjustSaturation),
    Contrast: operation(0.005, enhancing, adjustContrast),
    Brightness: operation(0.005, enhancing, adjustBrightness),
    Sharpness: operation(0.025, enhancing, adjustSharpness),
    ShearX: operation(0.2, signed(0.3), (image, amount, options) => transformAffine(image, [1, amount, 0, 0, 1, 0], options)),
    ShearY: operation(0.2, signed(0.3), (image, amount, options) => transformAffine(image, [1, 0, 0, amount, 1, 0], options)),
    // A part of the width or height.
    TranslateX: operation(0.1, signed(0.45), (image, amount, options) => transformAffine(image, [1, 0, amount * image.width, 0, 1, 0], options)),
    TranslateY: operation(0.1, signed(0.45), (image, amount, options) => transformAffine(image, [1, 0, 0, 0, 1, amount * image.height], options)),
  };
}
