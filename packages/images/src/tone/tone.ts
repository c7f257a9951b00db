import { formatValue, OptionError } from "@multiway/errors";
import { checkImage, type Image } from "../image.ts";
import { histogram, mapChannels, mapColors } from "./tables.ts";

/**
 * Stretches each colour channel so that its smallest value becomes 0 and its largest 255.
 *
 * Source of this file: Pillow 9.4, `ImageOps.py`; bit for bit, alpha untouched.
 */
export function autoContrast(image: Image): Image {
  checkImage("autoContrast", image);
  return mapChannels("autoContrast", image, (channel) => {
    const counts = histogram(image, channel);
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return Uint8Array.from(counts, (_, value) => (high <= low ? value : clamp(Math.trunc(value * scale + offset))));
  });
}

/** Spreads the values of each colour channel so that all occur about equally often. */
export function equalize(image: Image): Image {
  checkImage("equalize", image);
  return mapChannels("equalize", image, (channel) => {
    const counts = histogram(image, channel);
    const largest = counts.findLast((count) => count > 0)!;
    const step = Math.floor((image.width * image.height - largest) / 255);
    let below = Math.floor(step / 2);
    return Uint8Array.from(counts, (count, value) => {
      if (step === 0) return value;
      const level = clamp(Math.floor(below / step));
      below += count;
      return level;
    });
  });
}

/** The negative. */
export function invert(image: Image): Image {
  return mapColors("invert", image, tableOf((value) => 255 - value));
}

/** The negative of all values from `threshold` up. */
export function solarize(image: Image, threshold = 128): Image {
  if (!Number.isFinite(threshold)) throw new OptionError(`solarize: threshold is ${formatValue(threshold)}; expected a number.`);
  return mapColors("solarize", image, tableOf((value) => (value < threshold ? value : 255 - value)));
}

/** Adds `amount` to all values below `threshold`. Source: timm 0.4.12, `auto_augment.py`. */
export function solarizeAdd(image: Image, amount: number, threshold = 128): Image {
  if (!Number.isInteger(amount)) throw new OptionError(`solarizeAdd: amount is ${formatValue(amount)}; expected a whole number.`);
  return mapColors("solarizeAdd", image, tableOf((value) => (value < threshold ? clamp(value + amount) : value)));
}

/** @param bits how many of the 8 bits of each value are kept, from the highest; 0 is black */
export function posterize(image: Image, bits: number): Image {
  if (!Number.isInteger(bits) || bits < 0 || bits > 8) throw new OptionError(`posterize: bits is ${formatValue(bits)}; expected an integer from 0 to 8.`);
  const mask = 256 - (1 << (8 - bits));
  return mapColors("posterize", image, tableOf((value) => value & mask));
}

function tableOf(map: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => map(value));
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
