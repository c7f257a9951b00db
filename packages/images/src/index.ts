export { checkImage, copyImage, createImage, type Channels, type Color, type Image, type Rect } from "./image.ts";
export { convertChannels } from "./channels.ts";
export { decodeImage, loadImage, type DecodeOptions } from "./codec/decode.ts";
export type { ImageSource } from "./codec/codec.ts";
export { detectFormat, type ImageFormat } from "./codec/format.ts";
export { encodePng, toDataUrl } from "./codec/png-write.ts";
export type { Orientation } from "./codec/exif.ts";
export { applyOrientation, flipHorizontal, flipVertical } from "./flip.ts";
export { resize, type ResizeOptions } from "./resize/resize.ts";
export type { ResizeFilter } from "./resize/filters.ts";
export { centerCrop, crop, resizeShorterSide, shorterSideSize } from "./resize/crop.ts";
export { resizePlanes, type Planes } from "./resize/resize-planes.ts";
export {
  denormalize,
  imagenetNormalization,
  inceptionNormalization,
  normalize,
  unitNormalization,
  type Normalization,
} from "./normalize/normalize.ts";
export { cropAndResize, randomCropRect, randomResizedCrop, type RandomCropOptions } from "./augment/random-crop.ts";
export { adjustBrightness, adjustContrast, adjustSaturation } from "./tone/enhance.ts";
export { adjustSharpness } from "./tone/sharpness.ts";
export { autoContrast, equalize, invert, posterize, solarize, solarizeAdd } from "./tone/tone.ts";
export { rotate, transformAffine, type TransformOptions } from "./affine/transform.ts";
export { warpAffine } from "./affine/warp.ts";
export type { AffineMatrix } from "./affine/matrix.ts";
export { colorJitter, type ColorJitterOptions } from "./augment/color-jitter.ts";
export { randomFlip, randomShift, shift } from "./augment/shift.ts";
export { beit3RandAugment, randAugment, type RandAugmentOptions } from "./augment/rand-augment/rand-augment.ts";
export type { RandAugmentName } from "./augment/rand-augment/operations.ts";
export { autoAugment } from "./augment/auto-augment/auto-augment.ts";
export { beit3AutoAugment, parseAutoAugment, type AutoAugmentPolicy } from "./augment/auto-augment/policy.ts";
export { randomErasing, type RandomErasingOptions } from "./augment/random-erasing.ts";
export { drawMix, type Mix, type MixOptions } from "./augment/mixing/draw-mix.ts";
export { mixImages, mixTargets } from "./augment/mixing/mix.ts";
export { evaluationTransform, evaluationView, type EvaluationTransformOptions, type TransformRecipe } from "./transforms/evaluation.ts";
export { trainingTransform, type TrainingTransformOptions } from "./transforms/training.ts";
export { fillRect, paste, strokeRect } from "./draw/paste.ts";
export { sheet, type SheetOptions } from "./draw/sheet.ts";
export { heatMap, type HeatMapOptions } from "./draw/heat-map.ts";
