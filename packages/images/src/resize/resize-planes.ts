import { formatShape, ShapeError } from "@multiway/errors";
import { pillowKernels, type Kernel, type Taps } from "./filters.ts";

/** Numbers of shape `[channels, height, width]`. */
export interface Planes {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes numbers as PyTorch's `interpolate(…, align_corners=False)` does.
 *
 * Plain bicubic has a = −0.75 and repeats the border; antialiased bicubic has a = −0.5, as Pillow, and normalises what is inside.
 *
 * Positions and weights are rounded to f32 where PyTorch rounds them: they carry the largest part of its error.
 *
 * @param options.antialias stretch the kernel when shrinking; default false
 * @returns `[channels, height, width]` of the new size
 * Source: PyTorch 1.13, `aten/src/ATen/native/cpu/UpSampleKernel.cpp` and `native/UpSample.h`.
 */
export function resizePlanes(planes: Planes, options: { width: number; height: number; filter: "bilinear" | "bicubic"; antialias?: boolean }): Planes {
  const { channels, height: inHeight, width: inWidth, data } = planes;
  const { width, height, filter, antialias = false } = options;
  if (data.length !== channels * inHeight * inWidth) {
    throw new ShapeError(`resizePlanes: ${data.length} numbers were given for ${formatShape([channels, inHeight, inWidth])}; expected ${channels * inHeight * inWidth}.`);
  }
  if (![width, height, inWidth, inHeight].every((size) => Number.isInteger(size) && size > 0)) {
    throw new ShapeError(`resizePlanes: from ${formatShape([inHeight, inWidth])} to ${formatShape([height, width])}; expected positive whole numbers.`);
  }
  const taps = (inSize: number, outSize: number): Taps => {
    if (antialias) return antialiasTaps(filter === "bicubic" ? torchCubicKernel(-0.5) : pillowKernels.bilinear, inSize, outSize);
    return filter === "bicubic" ? plainTaps(torchCubicKernel(-0.75), inSize, outSize, false) : plainTaps(pillowKernels.bilinear, inSize, outSize, true);
  };
  const columns = taps(inWidth, width);
  const rows = taps(inHeight, height);
  const result = new Float32Array(channels * height * width);
  const between = new Float32Array(inHeight * width);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < inHeight; y++) {
      const row = (channel * inHeight + y) * inWidth;
      for (let x = 0; x < width; x++) between[y * width + x] = weighted(data, row, 1, columns, x);
    }
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) result[(channel * height + y) * width + x] = weighted(between, x, width, rows, y);
    }
  }
  return { data: result, channels, height, width };
}

function weighted(data: Float32Array, offset: number, stride: number, taps: Taps, out: number): number {
  const line = taps.weights[out]!;
  let from = offset + taps.begins[out]! * stride;
  let sum = 0;
  for (let tap = 0; tap < line.length; tap++, from += stride) sum += data[from]! * line[tap]!;
  return sum;
}

const f32 = Math.fround;

/** Keys' cubic with the f32 roundings of PyTorch's, one per fused multiply-add. */
function torchCubicKernel(a: number): Kernel {
  return {
    support: 2,
    weight: (x) => {
      const t = f32(Math.abs(x));
      if (t < 1) return f32(f32(f32((a + 2) * t - (a + 3)) * t) * t + 1);
      if (t < 2) return f32(f32(f32(a * t - 5 * a) * t + 8 * a) * t - 4 * a);
      return 0;
    },
  };
}

/** Weights of a kernel that is stretched when shrinking; what falls outside is left out. */
function antialiasTaps(kernel: Kernel, inSize: number, outSize: number): Taps {
  const scale = f32(inSize / outSize);
  const support = scale >= 1 ? f32(kernel.support * scale) : kernel.support;
  const inverse = scale >= 1 ? f32(1 / scale) : 1;
  return listTaps(outSize, (out) => {
    const center = f32(scale * (out + 0.5));
    const begin = Math.max(0, Math.trunc(f32(center - support) + 0.5));
    const end = Math.min(inSize, Math.trunc(f32(center + support) + 0.5));
    const line = new Float64Array(end - begin);
    let sum = 0;
    for (let index = 0; index < line.length; index++) {
      line[index] = f32(kernel.weight(f32((f32(index + begin - center) + 0.5) * inverse)));
      sum = f32(sum + line[index]!);
    }
    if (sum !== 0) for (let index = 0; index < line.length; index++) line[index] = f32(line[index]! / sum);
    return { begin, line };
  });
}

/** Weights of a kernel that is never stretched; what falls outside goes to the border pixel. */
function plainTaps(kernel: Kernel, inSize: number, outSize: number, clampPosition: boolean): Taps {
  const scale = f32(inSize / outSize);
  return listTaps(outSize, (out) => {
    let position = scale * (out + 0.5) - 0.5; // the scale is f32, the position is not
    if (clampPosition) position = Math.max(0, position);
    const first = Math.floor(position) - kernel.support + 1;
    const last = first + 2 * kernel.support - 1;
    const begin = Math.min(Math.max(first, 0), inSize - 1);
    const end = Math.min(Math.max(last, 0), inSize - 1);
    const line = new Float64Array(end - begin + 1);
    for (let at = first; at <= last; at++) line[Math.min(Math.max(at, begin), end) - begin]! += f32(kernel.weight(at - position));
    return { begin, line };
  });
}

function listTaps(outSize: number, tapsOf: (out: number) => { begin: number; line: Float64Array }): Taps {
  const lines = Array.from({ length: outSize }, (_, out) => tapsOf(out));
  return { begins: Int32Array.from(lines, ({ begin }) => begin), weights: lines.map(({ line }) => line) };
}
