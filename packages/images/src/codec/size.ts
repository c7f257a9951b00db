import { checkPixelCount, decodeError } from "./decode-error.ts";
import type { ImageFormat } from "./format.ts";

/**
 * Reads the size of a JPEG, WebP or GIF from its header and checks it, so that a page refuses a hostile file before
 * the browser allocates it. AVIF is left to the decoder.
 */
export function readImageSize(bytes: Uint8Array, format: ImageFormat, options: { source: string | undefined; maxPixels: number }): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = format === "jpeg" ? jpegSize(view) : format === "webp" ? webpSize(view) : format === "gif" ? gifSize(view) : "unknown";
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

function uint24(view: DataView, offset: number): number {
  return view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
}
