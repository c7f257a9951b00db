import { ImageError } from "@multiway/errors";
import type { Image } from "../image.ts";
import type { Codec } from "./codec.ts";
import { checkPixelCount, decodeError } from "./decode-error.ts";
import { findOrientation, withoutOrientation } from "./exif.ts";
import { fetchBytes } from "./fetch-bytes.ts";

/**
 * Decodes through `createImageBitmap`.
 *
 * Browsers differ in the last bit or two of a JPEG, and a canvas keeps translucent colours premultiplied, so their
 * colours lose precision with their alpha; opaque pixels are as decoded.
 */
export const decodeCompressed: Codec["decodeCompressed"] = async (bytes, { format, source, maxPixels }) => {
  // Browsers disagree on what `imageOrientation: "none"` means, so the file itself is made to say "upright".
  const tag = findOrientation(bytes, format);
  const upright = tag && tag.orientation !== 1 ? withoutOrientation(bytes, tag) : bytes;
  let bitmap: ImageBitmap | undefined;
  try {
    const blob = new Blob([upright as BlobPart], { type: `image/${format}` });
    bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    checkPixelCount(source, bitmap.width, bitmap.height, maxPixels);
    return readBitmap(bitmap);
  } catch (cause) {
    if (ImageError.isInstance(cause)) throw cause;
    throw decodeError(source, `this browser cannot decode the ${format} file`, "The file is damaged or cut short, or the browser lacks the format; try PNG or JPEG.", { cause });
  } finally {
    bitmap?.close();
  }
};

export const readSource: Codec["readSource"] = (source) => fetchBytes(String(source));

function readBitmap(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError("decodeImage: this browser gives no 2D canvas; expected OffscreenCanvas with getContext(\"2d\"). PNG works without it.");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, width, height).data;
  return { width, height, channels: 4, data: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.length) };
}
