import type { Key } from "@multiway/random";
import { autoAugment } from "../augment/auto-augment/auto-augment.ts";
import { beit3AutoAugment, parseAutoAugment } from "../augment/auto-augment/policy.ts";
import { randAugment, type RandAugmentOptions } from "../augment/rand-augment/rand-augment.ts";
import { randomResizedCrop, type RandomCropOptions } from "../augment/random-crop.ts";
import { randomErasing, type RandomErasingOptions } from "../augment/random-erasing.ts";
import { randomFlip } from "../augment/shift.ts";
import { convertChannels } from "../channels.ts";
import type { Color, Image } from "../image.ts";
import { normalize, type Normalization } from "../normalize/normalize.ts";
import type { ResizeFilter } from "../resize/filters.ts";
import { checkRecipe, usualNormalization, type TransformRecipe } from "./evaluation.ts";

export interface TrainingTransformOptions {
  /** Side of the result in pixels. */
  size: number;
  /** Default "square". */
  recipe?: TransformRecipe;
  /** The random rectangle; default an area of [0.5, 1] for "square", [0.08, 1] for "imagenet". */
  crop?: RandomCropOptions;
  /** Probability of a flip; default 0.5. */
  flipProbability?: number;
  /** BEiT-3's random augmentation, `true` for RandAugment(2, 7), which question answering and captioning use; default false. */
  randAugment?: boolean | RandAugmentOptions;
  /** A policy of timm, or false; default false for "square", "rand-m9-mstd0.5-inc1" for "imagenet". */
  autoAugment?: string | false;
  /** Random erasing; default false for "square", a quarter of the pictures for "imagenet". */
  erasing?: false | RandomErasingOptions;
  /** Default "bicubic". */
  filter?: ResizeFilter;
  /** Default: −1 … 1 for "square", ImageNet's mean and deviation for "imagenet". */
  normalization?: Normalization;
}

/**
 * The official training transform: from a picture and a key to model input. The same key gives the same numbers.
 *
 * A random rectangle is cut and resized, flipped half of the time, augmented, normalised, and partly erased.
 *
 * ```ts
 * const transform = trainingTransform({ size: 480, randAugment: true }); // question answering, captioning
 * const input = transform(image, key(7).fold(step)); // [3, 480, 480]
 * ```
 *
 * @returns a function that gives `[3, size, size]`
 * Source: microsoft/unilm `beit3/datasets.py` (facts); timm 0.4.12, `create_transform`.
 */
export function trainingTransform(options: TrainingTransformOptions): (image: Image, key: Key) => Float32Array {
  const { size, recipe = "square", flipProbability = 0.5, filter = "bicubic" } = options;
  checkRecipe("trainingTransform", size, recipe);
  const normalization = options.normalization ?? usualNormalization(recipe);
  const isImagenet = recipe === "imagenet";
  const crop: RandomCropOptions = { area: isImagenet ? [0.08, 1] : [0.5, 1], ...options.crop };
  const policyText = options.autoAugment ?? (isImagenet ? beit3AutoAugment : false);
  const policy = policyText === false ? undefined : parseAutoAugment(policyText);
  const erasing = options.erasing ?? (isImagenet ? {} : false);
  const square = { width: size, height: size };
  const fill: Color = normalization.mean.map((mean) => Math.min(255, Math.round(255 * mean)));
  return (image, key) => {
    const [forCrop, forFlip, forRandAugment, forPolicy, forErasing] = key.split(5) as [Key, Key, Key, Key, Key];
    let view = randomResizedCrop(convertChannels(image, 3), square, forCrop, { ...crop, filter });
    view = randomFlip(view, forFlip, flipProbability);
    if (options.randAugment) view = randAugment(view, forRandAugment, options.randAugment === true ? {} : options.randAugment);
    if (policy) view = autoAugment(view, forPolicy, policy, { fill });
    const input = normalize(view, normalization);
    return erasing === false ? input : randomErasing(input, square, forErasing, erasing);
  };
}
