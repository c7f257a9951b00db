import { formatShape, formatValue, OptionError, ShapeError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import { roundHalfToEven } from "../resize/crop.ts";
import { checkRange } from "./random-crop.ts";

export interface RandomErasingOptions {
  /** Probability that anything is erased; default 0.25. */
  probability?: number;
  /** Smallest and largest erased part of the area, all boxes together; default [0.02, 1/3]. */
  area?: readonly [number, number];
  /** Smallest and largest height / width of a box; default [0.3, 10/3]. */
  ratio?: readonly [number, number];
  /** How many boxes; default 1. */
  boxes?: number;
  /** What a box is filled with: a normal number per value, one per channel, or 0; default "pixel". */
  fill?: "pixel" | "channel" | "zero";
}

const tries = 10;

/**
 * Overwrites a random box of a normalised picture with noise, in place.
 *
 * @param planes `[channels, height, width]`, normalised
 * @returns `planes`
 * Source: Zhong et al. 2020, "Random erasing data augmentation"; timm 0.4.12, `random_erasing.py` (facts).
 */
export function randomErasing(planes: Float32Array, size: { width: number; height: number }, key: Key, options: RandomErasingOptions = {}): Float32Array {
  const { probability = 0.25, area = [0.02, 1 / 3], ratio = [0.3, 1 / 0.3], boxes = 1, fill = "pixel" } = options;
  const { width, height } = size;
  checkRange("randomErasing", "area", area, 1);
  checkRange("randomErasing", "ratio", ratio, Infinity);
  if (!Number.isInteger(boxes) || boxes < 1) throw new OptionError(`randomErasing: boxes is ${formatValue(boxes)}; expected a whole number from 1 up.`);
  if (fill !== "pixel" && fill !== "channel" && fill !== "zero") throw new OptionError(`randomErasing: fill is ${formatValue(fill)}; expected pixel, channel or zero.`);
  const plane = width * height;
  if (!(plane > 0) || planes.length % plane !== 0) {
    throw new ShapeError(`randomErasing: ${planes.length} numbers were given for planes of ${formatShape([height, width])}; expected a multiple of ${plane}.`);
  }
  const [forChance, forBoxes] = key.split(2) as [Key, Key];
  if (forChance.number() >= probability) return planes;
  for (let index = 0; index < boxes; index++) {
    const [forPlace, forNoise] = forBoxes.fold(index).split(2) as [Key, Key];
    const box = drawBox(size, forPlace, [area[0] / boxes, area[1] / boxes], ratio);
    if (!box) continue;
    const boxSize = box.width * box.height;
    const channels = planes.length / plane;
    const noise = fill === "zero" ? undefined : forNoise.normal(fill === "pixel" ? channels * boxSize : channels);
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < box.height; y++) {
        const to = channel * plane + (box.top + y) * width + box.left;
        const from = channel * boxSize + y * box.width;
        if (noise && fill === "pixel") planes.set(noise.subarray(from, from + box.width), to);
        else planes.fill(noise?.[channel] ?? 0, to, to + box.width);
      }
    }
  }
  return planes;
}

/** Area uniform, logarithm of the ratio uniform, place uniform; undefined when ten tries did not fit. */
function drawBox(size: { width: number; height: number }, key: Key, area: readonly [number, number], ratio: readonly [number, number]) {
  const draws = key.uniform(tries * 4);
  for (let attempt = 0; attempt < tries; attempt++) {
    const [forArea, forRatio, forTop, forLeft] = draws.subarray(attempt * 4, attempt * 4 + 4) as unknown as [number, number, number, number];
    const target = size.width * size.height * (area[0] + (area[1] - area[0]) * forArea);
    const aspect = Math.exp(Math.log(ratio[0]) + Math.log(ratio[1] / ratio[0]) * forRatio);
    const height = roundHalfToEven(Math.sqrt(target * aspect));
    const width = roundHalfToEven(Math.sqrt(target / aspect));
    if (width >= size.width || height >= size.height) continue;
    return { width, height, top: Math.floor(forTop * (size.height - height + 1)), left: Math.floor(forLeft * (size.width - width + 1)) };
  }
  return undefined;
}
