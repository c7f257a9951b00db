import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ImageError } from "@multiway/errors";
import type { Channels, Image } from "../image.ts";
import type { Codec } from "./codec.ts";
import { checkPixelCount, decodeError } from "./decode-error.ts";
import { fetchBytes } from "./fetch-bytes.ts";

/** Decodes through `sharp` (libjpeg-turbo and libwebp, as Pillow uses them). */
export const decodeCompressed: Codec["decodeCompressed"] = async (bytes, { format, source, maxPixels }) => {
  const sharp = await loadSharp(format, source);
  // Profiles are ignored as in Pillow; the pixel count is ours to check, so that one message serves every format.
  const open = () => sharp(bytes, { ignoreIcc: true, limitInputPixels: false, failOn: "error" });
  try {
    const { width, height, space } = await open().metadata();
    checkPixelCount(source, width, height, maxPixels);
    if (space === "cmyk") return cmykToRgb(await rawPixels(open().pipelineColourspace("cmyk").toColourspace("cmyk")));
    return await rawPixels(open().toColourspace("srgb"));
  } catch (cause) {
    if (ImageError.isInstance(cause)) throw cause;
    const reason = (cause as Error).message.replace(/\s+/g, " ").trim();
    throw decodeError(source, `this ${format} file cannot be decoded (${reason})`, "The file is damaged or cut short; get a new copy.", { cause });
  }
};

export const readSource: Codec["readSource"] = async (source) => {
  const address = String(source);
  if (/^(https?|data|blob):/i.test(address)) return fetchBytes(address);
  const path = source instanceof URL || address.startsWith("file:") ? fileURLToPath(source) : address;
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ImageError(`loadImage: ${JSON.stringify(path)} cannot be read (${(cause as { code?: string }).code ?? "unknown reason"}). Check the path.`, {
      cause,
      details: { path },
    });
  }
};

async function loadSharp(format: string, source: string | undefined) {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    throw decodeError(source, `decoding ${format} needs the package "sharp", which is not installed`, "Run `npm install sharp`; PNG works without it.", { cause });
  }
}

type Pipeline = ReturnType<Awaited<ReturnType<typeof loadSharp>>>;

async function rawPixels(pipeline: Pipeline): Promise<Image> {
  const { data, info } = await pipeline.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  // A view of its own, so that the pooled Buffer class does not leak out.
  return { width: info.width, height: info.height, channels: info.channels as Channels, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Pillow's conversion without profiles: (255 − C)(255 − K) / 255, rounded. */
function cmykToRgb(image: Image): Image {
  const { width, height, data } = image;
  const rgb = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const light = 255 - data[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = data[from + channel]! * light + 128;
      rgb[to + channel] = Math.max(0, light - (((product >> 8) + product) >> 8));
    }
  }
  return { width, height, channels: 3, data: rgb };
}
