/** Resampling filters, by Pillow's names. */
export type ResizeFilter = "nearest" | "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

/** A kernel that is zero from `support` on, in source pixels at scale 1. */
export interface Kernel {
  support: number;
  weight(x: number): number;
}

/**
 * The convolution kernels of Pillow's `Image.resize`.
 *
 * Source: Pillow 9.4, `src/libImaging/Resample.c`.
 */
export const pillowKernels: Record<Exclude<ResizeFilter, "nearest">, Kernel> = {
  // Open on the left, so that a pixel on the border between two cells counts once.
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    weight: (x) => {
      const distance = Math.abs(x);
      if (distance === 0) return 1;
      if (distance >= 1) return 0;
      const angle = distance * Math.PI;
      return (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
    },
  },
  bicubic: cubicKernel(-0.5),
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Keys' cubic convolution (Keys 1981, equation 4): a = −0.5 in Pillow and in PyTorch's antialiased mode, −0.75 in PyTorch otherwise. */
export function cubicKernel(a: number): Kernel {
  return {
    support: 2,
    weight: (x) => {
      const distance = Math.abs(x);
      if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
      if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
      return 0;
    },
  };
}

function sinc(x: number): number {
  if (x === 0) return 1;
  const angle = x * Math.PI;
  return Math.sin(angle) / angle;
}

/** For each output position the first source position and the weights from there on, which sum to 1. */
export interface Taps {
  begins: Int32Array;
  weights: Float64Array[];
}

/**
 * The weights of one axis, antialiased: the kernel is stretched by the reduction factor when shrinking.
 *
 * @param inSize  source pixels along the axis
 * @param from,to the part of the source that is mapped to the output, in pixels, fractions allowed
 */
export function antialiasTaps(kernel: Kernel, inSize: number, from: number, to: number, outSize: number): Taps {
  const scale = (to - from) / outSize;
  const stretch = Math.max(1, scale);
  const support = kernel.support * stretch;
  const begins = new Int32Array(outSize);
  const weights: Float64Array[] = [];
  for (let out = 0; out < outSize; out++) {
    const center = from + (out + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(inSize, Math.trunc(center + support + 0.5));
    const line = new Float64Array(Math.max(0, end - begin));
    let sum = 0;
    for (let index = 0; index < line.length; index++) {
      line[index] = kernel.weight((index + begin - center + 0.5) * (1 / stretch));
      sum += line[index]!;
    }
    if (sum !== 0) for (let index = 0; index < line.length; index++) line[index]! /= sum;
    begins[out] = begin;
    weights.push(line);
  }
  return { begins, weights };
}
