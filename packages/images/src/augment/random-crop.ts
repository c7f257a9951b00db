import { OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { Image, Rect } from "../image.ts";
import { crop, roundHalfToEven } from "../resize/crop.ts";
import type { ResizeFilter } from "../resize/filters.ts";
import { resize } from "../resize/resize.ts";

export interface RandomCropOptions {
  /** Smallest and largest part of the area; default [0.08, 1]. BEiT-3 fine-tunes with [0.5, 1], BEiT v2 pretrains with [0.2, 1]. */
  area?: readonly [number, number];
  /** Smallest and largest width / height; default [3/4, 4/3]. */
  ratio?: readonly [number, number];
}

const tries = 10;

/**
 * Draws a rectangle: area uniform, logarithm of the ratio uniform, corner uniform; up to 10 tries until it fits, then
 * the largest centred one with an allowed ratio.
 *
 * Source: torchvision 0.14, `transforms.RandomResizedCrop.get_params`.
 */
export function randomCropRect(size: { width: number; height: number }, key: Key, options: RandomCropOptions = {}): Rect {
  const { area = [0.08, 1], ratio = [3 / 4, 4 / 3] } = options;
  checkRange("randomCropRect", "area", area, 1);
  checkRange("randomCropRect", "ratio", ratio, Infinity);
  const { width, height } = size;
  const draws = key.uniform(tries * 4);
  for (let attempt = 0; attempt < tries; attempt++) {
    const [forArea, forRatio, forLeft, forTop] = draws.subarray(attempt * 4, attempt * 4 + 4) as unknown as [number, number, number, number];
    const cutArea = width * height * (area[0] + (area[1] - area[0]) * forArea);
    const aspect = Math.exp(Math.log(ratio[0]) + Math.log(ratio[1] / ratio[0]) * forRatio);
    const cutWidth = roundHalfToEven(Math.sqrt(cutArea * aspect));
    const cutHeight = roundHalfToEven(Math.sqrt(cutArea / aspect));
    if (cutWidth < 1 || cutHeight < 1 || cutWidth > width || cutHeight > height) continue;
    return {
      left: Math.floor(forLeft * (width - cutWidth + 1)),
      top: Math.floor(forTop * (height - cutHeight + 1)),
      width: cutWidth,
      height: cutHeight,
    };
  }
  const aspect = width / height;
  const cutWidth = aspect > ratio[1] ? clampSide(height * ratio[1], width) : width;
  const cutHeight = aspect < ratio[0] ? clampSide(width / ratio[0], height) : height;
  return { left: Math.floor((width - cutWidth) / 2), top: Math.floor((height - cutHeight) / 2), width: cutWidth, height: cutHeight };
}

/**
 * Cuts a random rectangle ({@link randomCropRect}) and resizes it.
 *
 * To resize one rectangle twice, as BEiT pretraining does for the student and the tokenizer, draw it once and use {@link cropAndResize}.
 */
export function randomResizedCrop(image: Image, size: { width: number; height: number }, key: Key, options: RandomCropOptions & { filter?: ResizeFilter } = {}): Image {
  const { filter } = options;
  return cropAndResize(image, randomCropRect(image, key, options), { width: size.width, height: size.height, ...(filter ? { filter } : {}) });
}

/** Cuts first, so that filters see nothing outside the rectangle, then resizes (torchvision's `resized_crop`). */
export function cropAndResize(image: Image, rect: Rect, options: { width: number; height: number; filter?: ResizeFilter }): Image {
  return resize(crop(image, rect), options);
}

function clampSide(length: number, limit: number): number {
  return Math.max(1, Math.min(limit, roundHalfToEven(length)));
}

/** @throws OptionError unless 0 < first ≤ second ≤ limit */
export function checkRange(caller: string, name: string, range: readonly [number, number], limit: number): void {
  if (!(range[0] > 0 && range[0] <= range[1] && range[1] <= limit)) {
    throw new OptionError(`${caller}: ${name} is [${range.join(", ")}]; expected two positive numbers, the smaller first${limit === 1 ? ", at most 1" : ""}.`);
  }
}
