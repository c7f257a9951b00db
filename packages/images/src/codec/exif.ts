import type { ImageFormat } from "./format.ts";

/** EXIF orientation, 1 … 8; 1 means upright as stored. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The orientation of a file, and the place of its value; damaged EXIF counts as upright. */
export interface OrientationTag {
  orientation: Orientation;
  /** Byte position of the 16-bit value and its byte order. */
  offset: number;
  littleEndian: boolean;
}

const orientationTag = 0x0112;

/** Looks for the orientation in the EXIF block of a JPEG or WebP file. */
export function findOrientation(bytes: Uint8Array, format: ImageFormat): OrientationTag | undefined {
  const begin = format === "jpeg" ? findJpegExif(bytes) : format === "webp" ? findWebpExif(bytes) : -1;
  return begin < 0 ? undefined : readOrientation(bytes, begin);
}

/**
 * Reads a TIFF structure that begins at `begin`.
 *
 * Source: EXIF 2.32, section 4.6; tag 0x0112 of IFD0.
 */
export function readOrientation(bytes: Uint8Array, begin: number): OrientationTag | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (begin + 8 > bytes.length) return undefined;
  const order = view.getUint16(begin);
  if (order !== 0x4949 && order !== 0x4d4d) return undefined; // "II" or "MM"
  const littleEndian = order === 0x4949;
  const directory = begin + view.getUint32(begin + 4, littleEndian);
  if (directory + 2 > bytes.length) return undefined;
  const entries = view.getUint16(directory, littleEndian);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * 12;
    if (entry + 12 > bytes.length) return undefined;
    if (view.getUint16(entry, littleEndian) !== orientationTag) continue;
    const orientation = view.getUint16(entry + 8, littleEndian);
    return orientation >= 1 && orientation <= 8 ? { orientation: orientation as Orientation, offset: entry + 8, littleEndian } : undefined;
  }
  return undefined;
}

/** A copy of the file that says "upright", for decoders that would turn the picture by themselves. */
export function withoutOrientation(bytes: Uint8Array, tag: OrientationTag): Uint8Array {
  const copy = new Uint8Array(bytes);
  new DataView(copy.buffer).setUint16(tag.offset, 1, tag.littleEndian);
  return copy;
}

function findJpegExif(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 2; offset + 4 <= bytes.length; ) {
    if (bytes[offset] !== 0xff) return -1;
    const marker = bytes[offset + 1]!;
    if (marker === 0xff) {
      offset++; // a fill byte
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return -1; // start of scan, end of image
    if (marker === 0xe1 && isExifName(bytes, offset + 4)) return offset + 10;
    offset += 2 + view.getUint16(offset + 2);
  }
  return -1;
}

function findWebpExif(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 12; offset + 8 <= bytes.length; ) {
    const size = view.getUint32(offset + 4, true);
    if (view.getUint32(offset) === 0x45584946) return isExifName(bytes, offset + 8) ? offset + 14 : offset + 8; // "EXIF"
    offset += 8 + size + (size & 1);
  }
  return -1;
}

/** "Exif" and two zeros. */
function isExifName(bytes: Uint8Array, offset: number): boolean {
  return [0x45, 0x78, 0x69, 0x66, 0, 0].every((byte, index) => bytes[offset + index] === byte);
}
