import type { DType, HostArray } from "@multiway/tensor/device";

/** A half float as a number; only normal ones and 0. */
function halfToNumber(bits: number): number {
  const magnitude = (bits & 0x7fff) === 0 ? 0 : (1 + (bits & 1023) / 1024) * 2 ** (((bits >> 10) & 31) - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

export const toNumber = (dtype: DType, element: number): number => (dtype === "f16" ? halfToNumber(element) : element);

/** For tests: numbers between −1 and 1, the same for the same seed. Half floats are bits. */
export function randomArray(dtype: "f32", length: number, seed: number): Float32Array<ArrayBuffer>;
export function randomArray(dtype: DType, length: number, seed: number): Exclude<HostArray, Float64Array>;
export function randomArray(dtype: DType, length: number, seed: number): Exclude<HostArray, Float64Array> {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  if (dtype === "f16") return Uint16Array.from({ length }, () => (Math.floor(next() * 2) << 15) | ((5 + Math.floor(next() * 10)) << 10) | Math.floor(next() * 1024));
  return Float32Array.from({ length }, () => 2 * next() - 1);
}
