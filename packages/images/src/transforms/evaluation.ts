import { formatValue, OptionError } from "@multiway/errors";
import type { Image } from "../image.ts";
import { imagenetNormalization, inceptionNormalization, normalize, type Normalization } from "../normalize/normalize.ts";
import { centerCrop, resizeShorterSide } from "../resize/crop.ts";
import type { ResizeFilter } from "../resize/filters.ts";
import { resize } from "../resize/resize.ts";

/**
 * Which of the official pipelines: "square" for every task of BEiT-3 but ImageNet, "imagenet" for classification as timm does it.
 */
export type TransformRecipe = "square" | "imagenet";

export interface EvaluationTransformOptions {
  /** Side of the result in pixels, for example 224, 384, 480 or 768. */
  size: number;
  /** Default "square". */
  recipe?: TransformRecipe;
  /** "imagenet": the part of the shorter side that the crop keeps; default 1, as BEiT-3; timm's usual is 0.875. */
  cropFraction?: number;
  /** Default "bicubic". */
  filter?: ResizeFilter;
  /** Default: −1 … 1 for "square", ImageNet's mean and deviation for "imagenet". */
  normalization?: Normalization;
}

/**
 * The official evaluation transform: from a picture to model input.
 *
 * "square" resizes to size × size whatever the aspect ratio; "imagenet" resizes the shorter side to size / cropFraction and takes the middle.
 *
 * ```ts
 * const transform = evaluationTransform({ size: 224 });
 * const input = transform(await loadImage("cat.jpg")); // [3, 224, 224], −1 … 1
 * ```
 *
 * @returns a function that gives `[3, size, size]`
 * Source: microsoft/unilm `beit3/datasets.py` (facts); timm 0.4.12, `create_transform`.
 */
export function evaluationTransform(options: EvaluationTransformOptions): (image: Image) => Float32Array {
  const { recipe, normalization = usualNormalization(recipe) } = options;
  const view = evaluationView(options);
  return (image) => normalize(view(image), normalization);
}

/**
 * The part of {@link evaluationTransform} before normalisation: a picture of size × size pixels. It leaves what it has made as it is, so that a picture can be kept in this form, which is often smaller.
 */
export function evaluationView({ size, recipe = "square", cropFraction = 1, filter = "bicubic" }: Omit<EvaluationTransformOptions, "normalization">): (image: Image) => Image {
  checkRecipe("evaluationTransform", size, recipe);
  if (!(cropFraction > 0 && cropFraction <= 1)) throw new OptionError(`evaluationTransform: cropFraction is ${formatValue(cropFraction)}; expected a number above 0, at most 1.`);
  const square = { width: size, height: size };
  if (recipe === "square") return (image) => resize(image, { ...square, filter });
  return (image) => centerCrop(resizeShorterSide(image, Math.trunc(size / cropFraction), { filter }), square);
}

export function checkRecipe(caller: string, size: number, recipe: TransformRecipe): void {
  if (!Number.isInteger(size) || size < 1) throw new OptionError(`${caller}: size is ${formatValue(size)}; expected a whole number of pixels from 1 up.`);
  if (recipe !== "square" && recipe !== "imagenet") throw new OptionError(`${caller}: recipe is ${formatValue(recipe)}; expected square or imagenet.`);
}

/** Of pictures before a model sees them, where nothing is said. */
export const usualNormalization = (recipe: TransformRecipe | undefined): Normalization => (recipe === "imagenet" ? imagenetNormalization : inceptionNormalization);
