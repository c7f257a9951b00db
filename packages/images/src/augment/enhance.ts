import { ImageError } from "@multiway/errors";
import { luma } from "../channels.ts";
import { checkImage, type Image } from "../image.ts";

/**
 * Brightness times `factor`: 0 black, 1 unchanged, above 1 brighter.
 *
 * Source of this and the next two: Pillow 9.4, `ImageEnhance` and `Blend.c`; bit for bit, alpha untouched.
 */
export function adjustBrightness(image: Image, factor: number): Image {
  return blendFrom("adjustBrightness", image, factor, () => 0);
}

/** Distance from the mean grey of the whole picture times `factor`: 0 even grey, 1 unchanged. */
export function adjustContrast(image: Image, factor: number): Image {
  const { channels, data } = checkImage("adjustContrast", image);
  let sum = 0;
  for (let at = 0; at < data.length; at += channels) sum += greyAt(image, at);
  const mean = Math.trunc(sum / (image.width * image.height) + 0.5);
  return blendFrom("adjustContrast", image, factor, () => mean);
}

/** Distance of each pixel from its grey times `factor`: 0 grey, 1 unchanged. */
export function adjustSaturation(image: Image, factor: number): Image {
  return blendFrom("adjustSaturation", image, factor, (at) => greyAt(image, at));
}

function greyAt({ channels, data }: Image, at: number): number {
  return channels === 1 ? data[at]! : luma(data[at]!, data[at + 1]!, data[at + 2]!);
}

/** base + factor · (x − base) in f32, cut to a whole number and to 0 … 255. */
function blendFrom(caller: string, image: Image, factor: number, base: (at: number) => number): Image {
  checkImage(caller, image);
  if (!(factor >= 0 && factor < Infinity)) throw new ImageError(`${caller}: factor is ${factor}; expected a number from 0 up.`);
  const { channels, data } = image;
  const result = new Uint8Array(data);
  const colors = Math.min(channels, 3);
  const weight = Math.fround(factor);
  for (let at = 0; at < data.length; at += channels) {
    const from = base(at);
    for (let channel = at; channel < at + colors; channel++) {
      const value = Math.fround(from + Math.fround(weight * (data[channel]! - from)));
      result[channel] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
    }
  }
  return { ...image, data: result };
}
