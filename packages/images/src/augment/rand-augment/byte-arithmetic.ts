import type { Image } from "../../image.ts";
import { histogram, mapChannels, mapColors } from "../../tone/tables.ts";

/**
 * Operations of the official BEiT-3 augmentation that differ from Pillow's of the same name.
 *
 * Two of them let bytes overflow. That is a slip, but the released weights were tuned with it, so it is kept: what a
 * model saw in training is part of the recipe. `autoContrast` and `adjustSharpness` are the ones without it.
 *
 * Source of this file: microsoft/unilm `beit3/randaug.py` (facts), run with NumPy 1.
 */

const f32 = Math.fround;

/**
 * Stretches each channel from its smallest and largest value to 0 … 255; a channel whose smallest value is not 0 ends
 * up (nearly) white, because that value is negated as a byte: −3 is 253 there.
 */
export function stretchContrast(image: Image): Image {
  return mapChannels("randAugment", image, (channel) => {
    const counts = histogram(image, channel);
    const low = counts.findIndex((count) => count > 0);
    const high = counts.findLastIndex((count) => count > 0);
    const scale = 255 / (high - low);
    const offset = ((256 - low) & 255) * scale;
    return Uint8Array.from(counts, (_, value) => (high <= low ? value : clamp(value * scale + offset)));
  });
}

/** Away from the smoothed picture by `factor`; what leaves 0 … 255 comes in again at the other end. */
export function unsharpMask(image: Image, factor: number): Image {
  const { width, height, channels, data } = image;
  const result = new Uint8Array(data);
  const row = width * channels;
  const weight = f32(factor);
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + channels, end = (y + 1) * row - channels; at < end; at++) {
      let sum = 4 * data[at]!;
      for (const line of [at - row, at, at + row]) sum += data[line - channels]! + data[line]! + data[line + channels]!;
      const smooth = Math.round(sum / 13); // never half way: 13 is odd
      result[at] = Math.trunc(f32(smooth + f32(weight * (data[at]! - smooth)))); // storing in a byte array takes it modulo 256
    }
  }
  return { ...image, data: result };
}

/** Grey weights of blue, green and red, applied to red, green and blue. */
const swapped = [0.114, 0.587, 0.299] as const;

/** Away from the grey of each pixel by `factor`. */
export function blendColor(image: Image, factor: number): Image {
  const { data } = image;
  const result = new Uint8Array(data.length);
  // rows[i][o]: what input channel i adds to output channel o.
  const rows = swapped.map((grey, input) => swapped.map((_, output) => f32(f32(f32(input === output ? 1 - grey : -grey) * f32(factor)) + f32(grey))));
  for (let at = 0; at < data.length; at += 3) {
    for (let channel = 0; channel < 3; channel++) {
      let sum = 0;
      for (let input = 0; input < 3; input++) sum = f32(sum + f32(data[at + input]! * rows[input]![channel]!));
      result[at + channel] = clamp(sum);
    }
  }
  return { ...image, data: result };
}

/** Away from the mean grey of the picture by `factor`. */
export function blendContrast(image: Image, factor: number): Image {
  const pixels = image.width * image.height;
  const mean = swapped.reduce((sum, weight, channel) => {
    let total = 0;
    for (let at = channel; at < image.data.length; at += image.channels) total += image.data[at]!;
    return sum + (total / pixels) * weight;
  }, 0);
  return mapColors("randAugment", image, Uint8Array.from({ length: 256 }, (_, value) => clamp((value - mean) * factor + mean)));
}

/** Cut to 0 … 255 and to a whole number. */
function clamp(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.trunc(value);
}
