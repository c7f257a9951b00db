import { ImageError } from "@multiway/errors";
import { checkImage, checkSize, createImage, type Image, type Rect } from "../image.ts";
import type { ResizeFilter } from "./filters.ts";
import { resize } from "./resize.ts";

/**
 * Cuts out a rectangle.
 *
 * @throws ImageError when it is not inside the image
 */
export function crop(image: Image, rect: Rect): Image {
  checkImage("crop", image);
  const { left, top, width, height } = rect;
  checkSize("crop", width, height);
  const inside = Number.isInteger(left) && Number.isInteger(top) && left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  if (!inside) {
    throw new ImageError(
      `crop: ${width} × ${height} pixels from (${left}, ${top}) are outside the image of ${image.width} × ${image.height}; expected a rectangle inside it.`,
      { details: { rect, width: image.width, height: image.height } },
    );
  }
  const { channels, data } = image;
  const result = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    result.set(data.subarray(from, from + width * channels), y * width * channels);
  }
  return { width, height, channels, data: result };
}

/**
 * The middle of an image. A half in the offset goes to the even neighbour; where the image is smaller than the cut, the rest is black.
 *
 * Source: torchvision 0.14, `transforms.functional.center_crop`.
 */
export function centerCrop(image: Image, size: { width: number; height: number }): Image {
  const { width, height } = size;
  checkSize("centerCrop", width, height);
  const source = padToAtLeast(image, width, height);
  return crop(source, { left: roundHalfToEven((source.width - width) / 2), top: roundHalfToEven((source.height - height) / 2), width, height });
}

/**
 * Makes the shorter side `size` pixels and keeps the aspect ratio; the longer side is cut to a whole number.
 *
 * @throws ImageError for a picture so long that the result would have more than 100 million pixels
 * Source: torchvision 0.14, `transforms.functional.resize` with one number.
 */
export function resizeShorterSide(image: Image, size: number, options: { filter?: ResizeFilter } = {}): Image {
  checkImage("resizeShorterSide", image);
  const { width, height } = shorterSideSize(image, size);
  if (width * height > mostPixels) {
    throw new ImageError(`resizeShorterSide: the image is ${image.width} × ${image.height} pixels; with a shorter side of ${size} it would be ${width} × ${height}, and at most ${mostPixels} pixels are made. Crop it first, or leave it out.`, {
      details: { width: image.width, height: image.height, size },
    });
  }
  return resize(image, { width, height, ...options });
}

/** As many as `decodeImage` accepts by default: a picture of one row would become as many pixels as its length times the side squared. */
const mostPixels = 100_000_000;

/** The size that {@link resizeShorterSide} gives. */
export function shorterSideSize(image: { width: number; height: number }, size: number): { width: number; height: number } {
  const longer = Math.trunc((size * Math.max(image.width, image.height)) / Math.min(image.width, image.height));
  return image.width <= image.height ? { width: size, height: longer } : { width: longer, height: size };
}

/** To the nearest whole number; halves to the even one, as Python's `round` does. */
export function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

function padToAtLeast(image: Image, width: number, height: number): Image {
  if (image.width >= width && image.height >= height) return image;
  const padded = createImage(Math.max(width, image.width), Math.max(height, image.height), image.channels);
  const left = Math.floor((padded.width - image.width) / 2);
  const top = Math.floor((padded.height - image.height) / 2);
  const rowBytes = image.width * image.channels;
  for (let y = 0; y < image.height; y++) {
    padded.data.set(image.data.subarray(y * rowBytes, (y + 1) * rowBytes), ((top + y) * padded.width + left) * image.channels);
  }
  return padded;
}
