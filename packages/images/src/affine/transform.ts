import { formatValue, OptionError } from "@multiway/errors";
import type { Color, Image } from "../image.ts";
import { checkAffine, type AffineMatrix } from "./matrix.ts";

/** Options of {@link transformAffine} and {@link rotate}. */
export interface TransformOptions {
  /** Between pixels; default "bicubic" (a = −1 here, unlike in `resize`, and not antialiased). */
  filter?: "bilinear" | "bicubic";
  /** What lies outside the picture, one value per channel; default black. */
  fill?: Color;
}

/**
 * Moves every pixel by an affine map, at equal size: the output pixel at (x, y) shows the source at `matrix` × (x, y).
 *
 * Coordinates are those of pixel centres, (0.5, 0.5) for the first. Channels are treated alike, alpha as well.
 *
 * Source: Pillow 9.4, `Image.transform` with `AFFINE` and `Geometry.c`; bit for bit for grey and colour.
 */
export function transformAffine(image: Image, matrix: AffineMatrix, options: TransformOptions = {}): Image {
  const { filter = "bicubic", fill = Array<number>(image.channels).fill(0) } = options;
  if (filter !== "bilinear" && filter !== "bicubic") throw new OptionError(`transformAffine: filter is ${formatValue(filter)}; expected bilinear or bicubic.`);
  checkAffine("transformAffine", image, matrix, fill);
  const { width, height, channels } = image;
  const [a, b, c, d, e, f] = matrix;
  const data = new Uint8Array(width * height * channels);
  const sample = filter === "bicubic" ? sampleBicubic : sampleBilinear;
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += channels) {
      const sourceX = a * (x + 0.5) + b * (y + 0.5) + c;
      const sourceY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height) sample(image, sourceX - 0.5, sourceY - 0.5, data, to);
      else for (let channel = 0; channel < channels; channel++) data[to + channel] = fill[channel]!;
    }
  }
  return { width, height, channels, data };
}

/**
 * Rotates about the middle, at equal size, counterclockwise by `degrees`.
 *
 * Source: Pillow 9.4, `Image.rotate` without `expand`.
 */
export function rotate(image: Image, degrees: number, options: TransformOptions = {}): Image {
  if (!Number.isFinite(degrees)) throw new OptionError(`rotate: degrees is ${formatValue(degrees)}; expected a finite number.`);
  const turn = degrees % 360;
  const angle = -(turn < 0 ? turn + 360 : turn) * (Math.PI / 180);
  const cos = roundTo15(Math.cos(angle));
  const sin = roundTo15(Math.sin(angle));
  const centerX = image.width / 2;
  const centerY = image.height / 2;
  return transformAffine(image, [cos, sin, cos * -centerX + sin * -centerY + centerX, -sin, cos, -sin * -centerX + cos * -centerY + centerY], options);
}

/** Pillow rounds sines to 15 places, so that right angles come out exact. */
function roundTo15(value: number): number {
  return Number(value.toFixed(15));
}

type Sampler = (image: Image, x: number, y: number, result: Uint8Array, to: number) => void;

const sampleBilinear: Sampler = ({ width, height, channels, data }, x, y, result, to) => {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fromLeft = clampTo(left, width) * channels;
  const fromRight = clampTo(left + 1, width) * channels;
  for (let channel = 0; channel < channels; channel++) {
    const lineAt = (lineY: number): number => {
      const row = clampTo(lineY, height) * width * channels + channel;
      const first = data[row + fromLeft]!;
      return first + (data[row + fromRight]! - first) * (x - left);
    };
    const upper = lineAt(top);
    const lower = top + 1 >= 0 && top + 1 < height ? lineAt(top + 1) : upper;
    result[to + channel] = Math.trunc(upper + (lower - upper) * (y - top));
  }
};

const sampleBicubic: Sampler = ({ width, height, channels, data }, x, y, result, to) => {
  const left = Math.floor(x) - 1;
  const top = Math.floor(y) - 1;
  const [from0, from1, from2, from3] = [0, 1, 2, 3].map((step) => clampTo(left + step, width) * channels) as [number, number, number, number];
  for (let channel = 0; channel < channels; channel++) {
    const lineAt = (lineY: number): number => {
      const row = clampTo(lineY, height) * width * channels + channel;
      return cubic(data[row + from0]!, data[row + from1]!, data[row + from2]!, data[row + from3]!, x - left - 1);
    };
    // Below the picture the last line is repeated, above it the first.
    let line = lineAt(top);
    const lines = [line, 0, 0, 0];
    for (let step = 1; step < 4; step++) {
      if (top + step >= 0 && top + step < height) line = lineAt(top + step);
      lines[step] = line;
    }
    const value = cubic(lines[0]!, lines[1]!, lines[2]!, lines[3]!, y - top - 1);
    result[to + channel] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
  }
};

/** Keys' cubic with a = −1 between `v2` and `v3`, spelled as Pillow does. */
function cubic(v1: number, v2: number, v3: number, v4: number, distance: number): number {
  const linear = -v1 + v3;
  const square = 2 * (v1 - v2) + v3 - v4;
  const cube = -v1 + v2 - v3 + v4;
  return v2 + distance * (linear + distance * (square + distance * cube));
}

function clampTo(position: number, size: number): number {
  return position < 0 ? 0 : position >= size ? size - 1 : position;
}
