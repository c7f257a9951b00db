import { decodeCompressed, readSource } from "#codec";
import { OptionError } from "@multiway/errors";
import { convertChannels } from "../channels.ts";
import { applyOrientation } from "../flip.ts";
import type { Channels, Color, Image } from "../image.ts";
import type { ImageSource } from "./codec.ts";
import { decodeError } from "./decode-error.ts";
import { findOrientation, readOrientation, type Orientation } from "./exif.ts";
import { detectFormat } from "./format.ts";
import { readPng } from "./png-read.ts";
import { readImageSize } from "./size.ts";

export interface DecodeOptions {
  /** What messages call the bytes: a path or an address. */
  source?: string;
  /** 3 drops alpha, 4 keeps or adds it, 1 is Pillow's grey; default 3. */
  channels?: Channels;
  /** Three values, 0 … 255: translucent pixels are blended over this colour. By default alpha is dropped, as the official code does. */
  background?: Color;
  /** "stored" leaves the rows as they are in the file, as the official code does; "upright" obeys EXIF. Default "stored". */
  orientation?: "stored" | "upright";
  /** Larger pictures are refused before they are decoded; default 100 million. */
  maxPixels?: number;
}

/**
 * Decodes a PNG, JPEG, WebP, GIF or AVIF file; of moving pictures the first.
 *
 * PNG is decoded by this package and is exact everywhere. The rest goes through `sharp` in Node, where JPEG and WebP
 * equal Pillow's result byte for byte, and through the browser in pages. Colour profiles are ignored.
 *
 * ```ts
 * const image = await decodeImage(await readFile("cat.jpg"), { source: "cat.jpg", orientation: "upright" });
 * ```
 *
 * @throws ImageError when the bytes are no picture, are damaged, or hold more than `maxPixels`
 */
export async function decodeImage(bytes: Uint8Array | ArrayBuffer, options: DecodeOptions = {}): Promise<Image> {
  const { source, channels = 3, background, orientation = "stored", maxPixels = 100_000_000 } = options;
  if (!(maxPixels >= 1)) throw new OptionError(`decodeImage: maxPixels is ${maxPixels}; expected a positive number.`);
  const file = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  const format = detectFormat(file);
  if (file.length === 0) throw decodeError(source, "the file is empty", "Get a new copy.");
  if (format === "unknown") {
    const start = Array.from(file.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw decodeError(source, `the file begins with ${start}; expected PNG, JPEG, WebP, GIF or AVIF`, "Convert the picture to PNG or JPEG.");
  }
  let image: Image;
  let exifOrientation: Orientation | undefined;
  if (format === "png") {
    const png = await readPng(file, { source, maxPixels });
    image = png.image;
    exifOrientation = readOrientation(png.exif, 0)?.orientation;
  } else {
    readImageSize(file, format, { source, maxPixels });
    image = await decodeCompressed(file, { format, source, maxPixels });
    exifOrientation = findOrientation(file, format)?.orientation;
  }
  const converted = convertChannels(image, channels, background ? { background } : {});
  return orientation === "upright" && exifOrientation ? applyOrientation(converted, exifOrientation) : converted;
}

/**
 * Reads and decodes an image.
 *
 * @param source a path (Node), an address, a `Blob` or `File`, or bytes
 * @throws ImageError when it cannot be read or decoded
 */
export async function loadImage(source: ImageSource, options: DecodeOptions = {}): Promise<Image> {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) return decodeImage(source, options);
  if (source instanceof Blob) {
    const name = "name" in source ? String(source.name) : undefined;
    return decodeImage(new Uint8Array(await source.arrayBuffer()), { ...(name ? { source: name } : {}), ...options });
  }
  const address = String(source);
  return decodeImage(await readSource(source), { source: address.length > 100 ? `${address.slice(0, 97)}...` : address, ...options });
}
