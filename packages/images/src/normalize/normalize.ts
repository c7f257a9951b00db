import { formatShape, ImageError, ShapeError } from "@multiway/errors";
import { convertChannels } from "../channels.ts";
import { checkImage, createImage, type Image } from "../image.ts";

/** Per channel, on the scale 0 … 1: what is subtracted, and what the rest is divided by. */
export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** To −1 … 1: every BEiT-3 checkpoint except those fine-tuned on ImageNet. */
export const inceptionNormalization: Normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
/** BEiT-3 fine-tuned on ImageNet, and the input of BEiT v2. */
export const imagenetNormalization: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** 0 … 1 as it is: the visual tokenizer. */
export const unitNormalization: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

/**
 * Bytes to model input: (x / 255 − mean) / std, each step rounded to f32 as in PyTorch, so equal bit for bit.
 *
 * @param into where to write, for example a part of a batch; default a new array
 * @returns `[3, height, width]`; grey is repeated, alpha dropped
 */
export function normalize(image: Image, { mean, std }: Normalization, into?: Float32Array): Float32Array {
  checkImage("normalize", image);
  const { width, height, data } = convertChannels(image, 3);
  const plane = width * height;
  if (into && into.length !== 3 * plane) throw new ShapeError(`normalize: the target has ${into.length} numbers; expected ${3 * plane} for ${formatShape([3, height, width])}.`);
  const result = into ?? new Float32Array(3 * plane);
  const values = new Float32Array(256);
  for (let channel = 0; channel < 3; channel++) {
    const shift = Math.fround(mean[channel]!);
    const scale = Math.fround(std[channel]!);
    for (let byte = 0; byte < 256; byte++) values[byte] = Math.fround(Math.fround(byte / 255) - shift) / scale;
    for (let pixel = 0, from = channel, to = channel * plane; pixel < plane; pixel++, from += 3) result[to + pixel] = values[data[from]!]!;
  }
  return result;
}

/**
 * Model input back to a picture: x · std + mean, clamped to 0 … 1.
 *
 * @param data `[3, height, width]`
 */
export function denormalize(data: Float32Array, size: { width: number; height: number }, { mean, std }: Normalization): Image {
  const plane = size.width * size.height;
  if (data.length !== 3 * plane) throw new ImageError(`denormalize: ${data.length} numbers were given; expected ${3 * plane} for ${formatShape([3, size.height, size.width])}.`);
  const image = createImage(size.width, size.height);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      const value = data[channel * plane + pixel]! * std[channel]! + mean[channel]!;
      image.data[pixel * 3 + channel] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
  }
  return image;
}
