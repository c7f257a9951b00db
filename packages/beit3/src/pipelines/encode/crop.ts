import type { Values } from "./encodings.ts";

/** A batch's numbers, [batch, …]. */
export interface BatchValues {
  shape: readonly number[];
  data: Float32Array;
}

/**
 * One item of a batch, without what was padded.
 *
 * @param sizes  of the result's axes, each at most the batch's: what lies beyond is left out
 */
export function crop({ shape, data }: BatchValues, item: number, sizes: readonly number[]): Values {
  const inner = shape.slice(1);
  const cropped = new Float32Array(sizes.reduce((product, size) => product * size, 1));
  const rowLength = sizes.at(-1) ?? 1;
  const strides = inner.map((_, axis) => inner.slice(axis + 1).reduce((product, size) => product * size, 1));
  const start = item * inner.reduce((product, size) => product * size, 1);
  for (let to = 0; to < cropped.length; to += rowLength) {
    let from = start;
    for (let axis = sizes.length - 2, row = to / rowLength; axis >= 0; row = Math.floor(row / sizes[axis]!), axis--) from += (row % sizes[axis]!) * strides[axis]!;
    cropped.set(data.subarray(from, from + rowLength), to);
  }
  return { shape: [...sizes], data: cropped };
}
