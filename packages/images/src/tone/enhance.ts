import { ImageError } from "@multiway/errors";
import { luma } from "../channels.ts";
import { checkImage, type Image } from "../image.ts";
import { mapColors } from "./tables.ts";

/**
 * Brightness times `factor`: 0 black, 1 unchanged, above 1 brighter.
 *
 * Source of this and the next two: Pillow 9.4, `ImageEnhance` and `Blend.c`; bit for bit, alpha untouched.
 */
export function adjustBrightness(image: Image, factor: number): Image {
  return blendFromLevel("adjustBrightness", image, factor, 0);
}

/** Distance from the mean grey of the whole picture times `factor`: 0 even grey, 1 unchanged. */
export function adjustContrast(image: Image, factor: number): Image {
  const { channels, data } = checkImage("adjustContrast", image);
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += greyAt(image, at);
  const mean = Math.trunc(sum / (image.width * image.height) + 0.5);
  return blendFromLevel("adjustContrast", image, factor, mean);
}

/** Distance of each pixel from its grey times `factor`: 0 grey, 1 unchanged. */
export function adjustSaturation(image: Image, factor: number): Image {
  checkFactor("adjustSaturation", image, factor);
  const { channels, data } = image;
  const result = new Uint8Array(data);
  if (channels === 1) return { ...image, data: result };
  const weight = Math.fround(factor);
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
    const grey = luma(red, green, blue);
    result[at] = blend(grey, red, weight);
    result[at + 1] = blend(grey, green, weight);
    result[at + 2] = blend(grey, blue, weight);
  }
  return { ...image, data: result };
}

function greyAt({ channels, data }: Image, at: number): number {
  return channels === 1 ? data[at]! : luma(data[at]!, data[at + 1]!, data[at + 2]!);
}

/** Blends every colour from one level. There are 256 results, so they are looked up. */
function blendFromLevel(caller: string, image: Image, factor: number, level: number): Image {
  checkFactor(caller, image, factor);
  const weight = Math.fround(factor);
  const table = new Uint8Array(256);
  for (let value = 0; value < 256; value++) table[value] = blend(level, value, weight);
  return mapColors(caller, image, table);
}

/** @throws ImageError unless `factor` is a number from 0 up */
export function checkFactor(caller: string, image: Image, factor: number): void {
  checkImage(caller, image);
  if (!(factor >= 0 && factor < Infinity)) throw new ImageError(`${caller}: factor is ${factor}; expected a number from 0 up.`);
}

/** base + weight · (x − base) in f32, cut to a whole number and to 0 … 255. */
export function blend(base: number, x: number, weight: number): number {
  const value = Math.fround(base + Math.fround(weight * (x - base)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}
