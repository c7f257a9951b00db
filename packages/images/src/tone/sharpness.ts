import type { Image } from "../image.ts";
import { blend, checkFactor } from "./enhance.ts";
import { colorChannels } from "./tables.ts";

const f32 = Math.fround;
// Pillow divides the kernel of ones around a five by its sum, in f32.
const edgeWeight = f32(1 / 13);
const centerWeight = f32(5 / 13);

/**
 * Distance of each pixel from its smoothed neighbourhood times `factor`: 0 smooth, 1 unchanged, above 1 sharper.
 *
 * The smoothing is 3 × 3 with weight 5 in the middle and 1 around it; the outermost pixels stay as they are.
 *
 * Source: Pillow 9.4, `ImageEnhance.Sharpness` and `Filter.c`; bit for bit, alpha untouched.
 */
export function adjustSharpness(image: Image, factor: number): Image {
  checkFactor("adjustSharpness", image, factor);
  const { width, height, channels, data } = image;
  const result = new Uint8Array(data);
  const weight = f32(factor);
  const row = width * channels;
  // One line of three, each product and sum rounded to f32.
  const line = (at: number, middle: number): number =>
    f32(f32(f32(data[at - channels]! * edgeWeight) + f32(data[at]! * middle)) + f32(data[at + channels]! * edgeWeight));
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      for (let channel = 0; channel < colorChannels(image); channel++) {
        const at = y * row + x * channels + channel;
        let sum = f32(0.5 + line(at + row, edgeWeight));
        sum = f32(sum + line(at, centerWeight));
        sum = f32(sum + line(at - row, edgeWeight));
        result[at] = blend(Math.trunc(sum), data[at]!, weight);
      }
    }
  }
  return { ...image, data: result };
}
