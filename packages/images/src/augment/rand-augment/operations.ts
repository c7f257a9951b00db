import { ImageError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import { rotationMatrix, warpAffine } from "../../affine/warp.ts";
import { checkImage, type Image } from "../../image.ts";
import { adjustBrightness } from "../../tone/enhance.ts";
import { equalize } from "../../tone/tone.ts";
import { blendColor, blendContrast, stretchContrast, unsharpMask } from "./byte-arithmetic.ts";

/** What lies outside a warped picture. */
const grey = [128, 128, 128] as const;
/** Magnitudes run from 0 to 10. */
const levels = 10;

/**
 * An operation of BEiT-3's random augmentation.
 *
 * `amountOf` turns a magnitude into the operation's own unit; a signed one is negated half of the time.
 */
export interface RandAugmentOperation {
  readonly amountOf: (magnitude: number) => number;
  readonly isSigned: boolean;
  apply(image: Image, amount: number): Image;
}

const none = () => 0;
const factor = (magnitude: number) => (magnitude / levels) * 1.8 + 0.1;
const slope = (magnitude: number) => (magnitude / levels) * 0.3;
const pixels = (magnitude: number) => (magnitude / levels) * 10;
const degrees = (magnitude: number) => (magnitude / levels) * 30;
const plain = (apply: (image: Image) => Image): RandAugmentOperation => ({ amountOf: none, isSigned: false, apply });
const scaled = (amountOf: (magnitude: number) => number, apply: (image: Image, amount: number) => Image): RandAugmentOperation => ({ amountOf, isSigned: false, apply });
const signed = (amountOf: (magnitude: number) => number, apply: (image: Image, amount: number) => Image): RandAugmentOperation => ({ amountOf, isSigned: true, apply });
// The official matrices are of 32-bit floats, but for the rotation's.
const f32 = Math.fround;

/**
 * Every operation of the official code, by its name there; BEiT-3 draws from the first ten.
 *
 * Source: microsoft/unilm `beit3/randaug.py` (facts) with OpenCV's warps.
 */
export const randAugmentOperations = {
  Identity: plain((image) => image),
  AutoContrast: plain(stretchContrast),
  Equalize: plain(equalize),
  Brightness: scaled(factor, adjustBrightness),
  Sharpness: scaled(factor, unsharpMask),
  ShearX: signed(slope, (image, amount) => warpAffine(image, [1, f32(amount), 0, 0, 1, 0], grey)),
  ShearY: signed(slope, (image, amount) => warpAffine(image, [1, 0, 0, f32(amount), 1, 0], grey)),
  TranslateX: signed(pixels, (image, amount) => warpAffine(image, [1, 0, f32(-amount), 0, 1, 0], grey)),
  TranslateY: signed(pixels, (image, amount) => warpAffine(image, [1, 0, 0, 0, 1, f32(-amount)], grey)),
  Rotate: signed(degrees, (image, amount) => warpAffine(image, rotationMatrix(image.width / 2, image.height / 2, amount), grey)),
  Color: scaled(factor, blendColor),
  Contrast: scaled(factor, blendContrast),
} satisfies Record<string, RandAugmentOperation>;

export type RandAugmentName = keyof typeof randAugmentOperations;

/** @throws ImageError unless the image has three channels */
export function checkRgb(caller: string, image: Image): Image {
  checkImage(caller, image);
  if (image.channels === 3) return image;
  throw new ImageError(`${caller}: the image has ${image.channels} channels; expected 3. Convert it with \`convertChannels(image, 3)\`.`, { details: { channels: image.channels } });
}

/** The amount for a magnitude, its sign drawn. */
export function drawAmount({ amountOf, isSigned }: RandAugmentOperation, magnitude: number, key: Key): number {
  const amount = amountOf(magnitude);
  return isSigned && key.number() > 0.5 ? -amount : amount;
}
