import type { Key } from "@multiway/random";
import { createImage, type Color, type Image } from "../image.ts";
import { flipHorizontal } from "../flip.ts";
import { paste } from "../draw/paste.ts";

/**
 * Moves the picture by whole pixels.
 *
 * @param by   pixels to the right and down
 * @param fill what comes in at the edge; default 0
 */
export function shift(image: Image, by: { x: number; y: number }, fill: number | Color = 0): Image {
  return paste(createImage(image.width, image.height, image.channels, fill), image, { left: by.x, top: by.y });
}

/** Moves by up to `maxPixels` in each direction, every whole number equally likely. */
export function randomShift(image: Image, key: Key, options: { maxPixels: number; fill?: number | Color }): Image {
  const [forX, forY] = key.split(2) as [Key, Key];
  const { maxPixels, fill = 0 } = options;
  return shift(image, { x: forX.integer(-maxPixels, maxPixels + 1), y: forY.integer(-maxPixels, maxPixels + 1) }, fill);
}

/** Flips left and right with the given probability, default one half. */
export function randomFlip(image: Image, key: Key, probability = 0.5): Image {
  return key.number() < probability ? flipHorizontal(image) : image;
}
