import { DataError } from "@multiway/errors";
import { cropAndResize } from "./augment/random-crop.ts";
import { decodeImage } from "./codec/decode.ts";
import { flipHorizontal } from "./flip.ts";
import { readTensors, type GoldenTensor } from "./golden/read-tensors.ts";
import type { Image } from "./image.ts";
import { normalize, unitNormalization, type Normalization } from "./normalize/normalize.ts";
import { centerCrop, resizeShorterSide } from "./resize/crop.ts";
import type { ResizeFilter } from "./resize/filters.ts";
import { resizePlanes } from "./resize/resize-planes.ts";
import { resize } from "./resize/resize.ts";

/** One compared result. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  /** Largest distance from the expected value, in bytes or in numbers. */
  worst: number;
  /** The place of that distance, or why nothing could be compared. */
  where: string;
}

/** The part of a manifest of kind `preprocess` that is used. */
interface PreprocessManifest {
  kind: string;
  images: string[];
  crops?: Record<string, [number, number, number, number, number, ResizeFilter, boolean][]>;
  tensor_size?: [number, number];
  constants?: Record<"square" | "classification", Normalization>;
  files: string[];
  outputs: Record<string, { dtype: string; shape: number[]; exact?: boolean; atol_bytes?: number; atol?: number }>;
}

/**
 * Runs a golden case of kind `preprocess`: every output that the manifest lists, for every image.
 *
 * Results must be equal byte for byte even where the case would allow a difference of one.
 *
 * @param manifest the parsed JSON
 * @param readFile gives the bytes of a file that the manifest names
 * @throws DataError when the manifest or a file is not of this format
 */
export async function runPreprocessCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>): Promise<GoldenResult[]> {
  const { images, files, outputs, ...rest } = checkManifest(manifest);
  const tensors = new Map<string, GoldenTensor>();
  for (const file of files.filter((name) => name.endsWith(".safetensors"))) {
    for (const [name, tensor] of readTensors(await readFile(file), file)) tensors.set(name, tensor);
  }
  const decoded = new Map<string, { file: string; image: Image }>();
  for (const file of images) decoded.set(file.replace(/\.[^.]*$/, ""), { file, image: await decodeImage(await readFile(file), { source: file }) });
  return Object.entries(outputs).map(([name, rule]) => {
    const [, stem = "", step = ""] = /^outputs\/(.*)\/([^/]+)$/.exec(name) ?? [];
    const input = decoded.get(stem);
    const expected = tensors.get(name);
    if (!input || !expected) return { name, passed: false, worst: Infinity, where: input ? "the tensor is missing in the file" : `no image is called "${stem}"` };
    const actual = runStep(step, input.image, input.file, rest);
    if (!actual) return { name, passed: false, worst: Infinity, where: `the step "${step}" is unknown` };
    return compare(name, actual, expected, rule.exact || rule.dtype === "U8" ? 0 : (rule.atol ?? 0));
  });
}

type StepOptions = Pick<PreprocessManifest, "crops" | "tensor_size" | "constants">;

/** Each output is named after what makes it, so the name alone says what to run. */
function runStep(step: string, image: Image, file: string, { crops, tensor_size: tensorSize, constants }: StepOptions): { shape: number[]; data: Uint8Array | Float32Array } | undefined {
  const [name, ...words] = step.split("_");
  const size = Number(words[1] ?? words[0]);
  switch (name) {
    case "decoded":
      return pixels(image);
    case "resize": {
      const [height, width] = words[0]!.split("x").map(Number) as [number, number];
      return pixels(resize(image, { width, height, filter: words[1] as ResizeFilter }));
    }
    case "crop": {
      const rule = crops?.[file]?.[Number(words[0])];
      if (!rule) return undefined;
      const [top, left, height, width, cropSize, filter, mirrored] = rule;
      const cut = cropAndResize(image, { left, top, width, height }, { width: cropSize, height: cropSize, filter });
      return pixels(mirrored ? flipHorizontal(cut) : cut);
    }
    case "eval": {
      if (words[0] === "square" && constants) return planes(resize(image, { width: size, height: size }), constants.square);
      if (words[0] !== "class" || !constants) return undefined;
      // Without a crop fraction the shorter side is made as long as the crop.
      const fraction = words[2] === "None" ? 1 : Number(words[2]);
      return planes(shorterSideAndCrop(image, Math.trunc(size / fraction), size), constants.classification);
    }
    case "tokenizer":
      return planes(shorterSideAndCrop(image, Math.trunc((size * 256) / 224), size), unitNormalization);
    case "tensor": {
      if (!tensorSize || (words[0] !== "bilinear" && words[0] !== "bicubic")) return undefined;
      const input = { data: normalize(image, unitNormalization), channels: 3, height: image.height, width: image.width };
      const [height, width] = tensorSize;
      const { data } = resizePlanes(input, { width, height, filter: words[0], antialias: words[1] === "antialias" });
      return { shape: [3, height, width], data };
    }
    default:
      return undefined;
  }
}

function shorterSideAndCrop(image: Image, shorterSide: number, size: number): Image {
  return centerCrop(resizeShorterSide(image, shorterSide), { width: size, height: size });
}

function pixels(image: Image) {
  return { shape: [image.height, image.width, image.channels], data: image.data };
}

function planes(image: Image, constants: Normalization) {
  return { shape: [3, image.height, image.width], data: normalize(image, constants) };
}

function compare(name: string, actual: { shape: number[]; data: Uint8Array | Float32Array }, expected: GoldenTensor, tolerance: number): GoldenResult {
  if (actual.shape.join() !== expected.shape.join()) {
    return { name, passed: false, worst: Infinity, where: `the shape is [${actual.shape.join(", ")}]; expected [${expected.shape.join(", ")}]` };
  }
  let worst = 0;
  let at = 0;
  for (let index = 0; index < expected.data.length; index++) {
    const distance = Math.abs(actual.data[index]! - expected.data[index]!);
    if (distance <= worst) continue; // also keeps the first of equals
    worst = distance;
    at = index;
  }
  return { name, passed: worst <= tolerance && !actual.data.some(Number.isNaN), worst, where: `[${unravel(at, expected.shape).join(", ")}]: ${actual.data[at]} for ${expected.data[at]}` };
}

function unravel(index: number, shape: number[]): number[] {
  const place: number[] = [];
  for (const size of [...shape].reverse()) {
    place.unshift(index % size);
    index = Math.floor(index / size);
  }
  return place;
}

function checkManifest(manifest: unknown): PreprocessManifest {
  const candidate = (manifest ?? {}) as Partial<PreprocessManifest>;
  const isWhole = typeof candidate.kind === "string" && candidate.kind.startsWith("preprocess") && Array.isArray(candidate.images) && Array.isArray(candidate.files);
  if (!isWhole || typeof candidate.outputs !== "object") {
    throw new DataError(`runPreprocessCase: the manifest has kind ${JSON.stringify(candidate.kind)}; expected "preprocess" with images, files and outputs.`);
  }
  return candidate as PreprocessManifest;
}
