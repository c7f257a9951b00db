import { formatValue, ImageError } from "@multiway/errors";

/** Grey, colour, or colour with alpha (not premultiplied). */
export type Channels = 1 | 3 | 4;

/**
 * A picture in memory: a plain object, so it passes through `postMessage` as it is.
 *
 * `data` has the shape `[height, width, channels]`, row by row from the top left, channels interleaved, 0 … 255.
 */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
  readonly data: Uint8Array;
}

/** One value per channel, 0 … 255. */
export type Color = readonly number[];

/** A part of an image in whole pixels, from the top left. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * A new image of one colour.
 *
 * @param fill one number for every channel, or one per channel; default 0
 */
export function createImage(width: number, height: number, channels: Channels = 3, fill: number | Color = 0): Image {
  checkSize("createImage", width, height);
  const data = new Uint8Array(width * height * channels);
  if (typeof fill === "number") data.fill(fill);
  else {
    checkColor("createImage", fill, channels);
    for (let index = 0; index < data.length; index++) data[index] = fill[index % channels]!;
  }
  return { width, height, channels, data };
}

/** A copy with bytes of its own. */
export function copyImage(image: Image): Image {
  return { width: image.width, height: image.height, channels: image.channels, data: new Uint8Array(image.data) };
}

/**
 * Checks an image that came from outside.
 *
 * @throws ImageError when the sizes are no positive integers or the bytes do not fill them exactly
 */
export function checkImage(caller: string, image: Image): Image {
  const { width, height, channels, data } = image;
  checkSize(caller, width, height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new ImageError(`${caller}: the image has ${formatValue(channels)} channels; expected 1, 3 or 4.`, { details: { channels } });
  }
  if (data.length !== width * height * channels) {
    throw new ImageError(
      `${caller}: ${data.length} bytes were given for ${width} × ${height} pixels of ${channels} channels; expected ${width * height * channels}.`,
      { details: { width, height, channels, sizeBytes: data.length } },
    );
  }
  return image;
}

/** @throws ImageError unless both are positive integers */
export function checkSize(caller: string, width: number, height: number): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new ImageError(`${caller}: the size is ${width} × ${height}; expected positive whole numbers.`, { details: { width, height } });
  }
}

/** @throws ImageError unless `color` has a value for every channel */
export function checkColor(caller: string, color: Color, channels: number): void {
  if (color.length !== channels) {
    throw new ImageError(`${caller}: the colour has ${color.length} values; expected ${channels}, one for each channel.`, { details: { color, channels } });
  }
}
