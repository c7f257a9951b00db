import { checkPixelCount, decodeError } from "./decode-error.ts";
import type { ImageFormat } from "./format.ts";

/**
 * Reads the size of a JPEG, WebP, GIF or AVIF from its header and checks it, so that a page refuses a hostile file before
 * the browser allocates it.
 */
export function readImageSize(bytes: Uint8Array, format: ImageFormat, options: { source: string | undefined; maxPixels: number }): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = format === "jpeg" ? jpegSize(view) : format === "webp" ? webpSize(view) : format === "gif" ? gifSize(view) : format === "avif" ? avifSize(view) : "unknown";
  if (size === "unknown") return;
  if (!size) throw decodeError(options.source, `the ${format} file ends inside its header, or lacks one`, "The file is cut short; get a new copy.", { offset: bytes.length });
  checkPixelCount(options.source, size[0], size[1], options.maxPixels);
}

type Size = [width: number, height: number] | undefined;

/** Source: ITU-T T.81, table B.1: the frame headers are C0 … CF except C4, C8 and CC. */
function jpegSize(view: DataView): Size {
  for (let offset = 2; offset + 9 <= view.byteLength; ) {
    if (view.getUint8(offset) !== 0xff) return undefined;
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset++;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return [view.getUint16(offset + 7), view.getUint16(offset + 5)];
    if (marker === 0xda) return undefined;
    offset += 2 + view.getUint16(offset + 2);
  }
  return undefined;
}

/** Source: RFC 9649 (WebP), sections 2.5 to 2.7. */
function webpSize(view: DataView): Size | "unknown" {
  if (view.byteLength < 30) return undefined;
  switch (view.getUint32(12)) {
    case 0x56503858: // "VP8X"
      return [1 + uint24(view, 24), 1 + uint24(view, 27)];
    case 0x5650384c: {
      // "VP8L": 14 bits each after the signature byte
      const bits = view.getUint32(21, true);
      return [1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff)];
    }
    case 0x56503820: // "VP8 "
      return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
    default:
      return "unknown";
  }
}

function gifSize(view: DataView): Size {
  return view.byteLength < 10 ? undefined : [view.getUint16(6, true), view.getUint16(8, true)];
}

/**
 * The largest of the sizes that the file's pictures claim: the whole one among them, beside its tiles and thumbnails.
 *
 * The properties stand near the beginning, and are looked for by name: walking the boxes would find no more.
 *
 * Source: ISO/IEC 23008-12, section 6.5.3, `ispe`: four bytes of version and flags, width, height.
 */
function avifSize(view: DataView): Size | "unknown" {
  let size: [number, number] | undefined;
  for (let offset = 0; offset + 16 <= view.byteLength && offset < 65536; offset++) {
    if (view.getUint32(offset) !== 0x69737065) continue; // "ispe"
    const found: [number, number] = [view.getUint32(offset + 8), view.getUint32(offset + 12)];
    if (!size || found[0] * found[1] > size[0] * size[1]) size = found;
  }
  return size ?? "unknown";
}

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}
