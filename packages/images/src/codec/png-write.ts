import { checkImage, type Image } from "../image.ts";
import { crc32, pngColorTypes } from "./png-header.ts";
import { filterRows } from "./png-filter.ts";
import { deflate } from "./zlib.ts";

/**
 * The image as a PNG file, without loss, with filtered rows; 1, 3 or 4 channels, 8 bits.
 *
 * ```ts
 * await writeFile("grid.png", await encodePng(sheet(images, { columns: 8 })));
 * ```
 */
export async function encodePng(image: Image): Promise<Uint8Array> {
  const { width, height, channels, data } = checkImage("encodePng", image);
  const colorType = channels === 1 ? pngColorTypes.grey : channels === 3 ? pngColorTypes.color : pngColorTypes.colorAlpha;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, colorType, 0, 0, 0], 8);
  const chunks = [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("IDAT", await deflate(filterRows(data, width * channels, height, channels))),
    chunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(chunks.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of chunks) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}

/** The image as a `data:image/png;base64,…` address, for pages and reports. */
export async function toDataUrl(image: Image): Promise<string> {
  const bytes = await encodePng(image);
  let binary = "";
  // Arguments of one call are limited in number, so the bytes go in slices.
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return `data:image/png;base64,${btoa(binary)}`;
}

function chunk(type: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + content.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(content, 8);
  view.setUint32(8 + content.length, crc32(bytes.subarray(4, 8 + content.length)));
  return bytes;
}
