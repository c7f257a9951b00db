import { decodeError } from "./decode-error.ts";

/** What IHDR says, and where the other chunks lie. */
export interface PngHeader {
  width: number;
  height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  depth: number;
  colorType: PngColorType;
  interlaced: boolean;
  /** Three bytes per entry. */
  palette: Uint8Array;
  /** Contents of tRNS: alpha per palette entry, or one transparent colour of two bytes per sample. */
  transparency: Uint8Array;
  /** Contents of eXIf, a TIFF structure. */
  exif: Uint8Array;
  /** Contents of the IDAT chunks in order. */
  compressed: Uint8Array[];
}

export const pngColorTypes = { grey: 0, color: 2, palette: 3, greyAlpha: 4, colorAlpha: 6 } as const;
export type PngColorType = (typeof pngColorTypes)[keyof typeof pngColorTypes];

/** Samples per pixel in the stream, by colour type. */
export const pngSamples: Record<PngColorType, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const allowedDepths: Record<PngColorType, number[]> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };
const truncated = "The file is cut short; get a new copy.";
const damaged = "The file is damaged; get a new copy.";

/**
 * Reads the chunks of a PNG file without inflating anything.
 *
 * Source: PNG specification, third edition, sections 5 and 11.
 */
export function readPngChunks(bytes: Uint8Array, source: string | undefined): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  for (let offset = 8; ; ) {
    if (offset + 12 > bytes.length) throw decodeError(source, "the file ends before its closing IEND chunk", truncated, { offset: bytes.length });
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const begin = offset + 8;
    const end = begin + length;
    if (end + 4 > bytes.length) {
      throw decodeError(source, `chunk ${JSON.stringify(type)} announces ${length} bytes; ${bytes.length - begin} are left`, truncated, { offset });
    }
    // Bit 5 of the first letter marks chunks that may be ignored; a damaged one of those harms nothing, but for transparency.
    const critical = (bytes[offset + 4]! & 0x20) === 0;
    if ((critical || type === "tRNS") && crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end)) {
      throw decodeError(source, `the checksum of chunk ${JSON.stringify(type)} does not match`, damaged, { offset });
    }
    const content = bytes.subarray(begin, end);
    if (!header) {
      if (type !== "IHDR" || length !== 13) throw decodeError(source, `the first chunk is ${JSON.stringify(type)} of ${length} bytes; expected IHDR of 13`, damaged, { offset });
      header = readIhdr(content, source, offset);
    } else if (type === "IDAT") header.compressed.push(content);
    else if (type === "PLTE") {
      if (length % 3 !== 0 || length > 768) throw decodeError(source, `the palette has ${length} bytes; expected a multiple of 3, at most 768`, damaged, { offset });
      header.palette = content;
    } else if (type === "tRNS") header.transparency = content;
    else if (type === "eXIf") header.exif = content;
    else if (type === "IEND") break;
    else if (critical) throw decodeError(source, `chunk ${JSON.stringify(type)} is unknown`, "Save the picture as an ordinary PNG.", { offset });
    offset = end + 4;
  }
  if (header.compressed.length === 0) throw decodeError(source, "there is no image data (IDAT chunk)", damaged);
  if (header.colorType === pngColorTypes.palette && header.palette.length === 0) throw decodeError(source, "the palette is missing", damaged);
  return header;
}

function readIhdr(content: Uint8Array, source: string | undefined, offset: number): PngHeader {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const depth = content[8]!;
  const colorType = content[9]! as PngColorType;
  if (!allowedDepths[colorType]?.includes(depth)) {
    throw decodeError(source, `colour type ${colorType} with ${depth} bits does not exist`, damaged, { offset });
  }
  if (content[10] !== 0 || content[11] !== 0 || content[12]! > 1) {
    throw decodeError(source, `compression ${content[10]}, filter ${content[11]} and interlace ${content[12]} are unknown; expected 0, 0 and 0 or 1`, damaged, { offset });
  }
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth,
    colorType,
    interlaced: content[12] === 1,
    palette: new Uint8Array(0),
    transparency: new Uint8Array(0),
    exif: new Uint8Array(0),
    compressed: [],
  };
}

let crcTable: Uint32Array | undefined;

/** CRC-32 as PNG and zip use it (polynomial 0xEDB88320). */
export function crc32(...parts: Uint8Array[]): number {
  if (!crcTable) {
    crcTable = new Uint32Array(256);
    for (let byte = 0; byte < 256; byte++) {
      let value = byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
      crcTable[byte] = value;
    }
  }
  let crc = 0xffffffff;
  for (const part of parts) for (let index = 0; index < part.length; index++) crc = crcTable[(crc ^ part[index]!) & 255]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
