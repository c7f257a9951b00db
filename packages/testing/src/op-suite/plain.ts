import type { DType } from "@multiway/tensor/device";

/**
 * Arrays in plain float64, with which samples say what an op gives. Nothing here knows the runtime: a mistake there must not be
 * repeated here.
 */
export interface Plain {
  shape: readonly number[];
  dtype: DType;
  /** Row-major; bools as 0 and 1. */
  data: readonly number[];
}

export const countOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Every index of a shape, row-major. */
export function indicesOf(shape: readonly number[]): number[][] {
  return Array.from({ length: countOf(shape) }, (_, flat) => {
    const index = new Array<number>(shape.length);
    for (let axis = shape.length - 1, rest = flat; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return index;
  });
}

/** The element at an index. An axis of extent 1 is read at 0, whatever the index says; surplus leading positions are ignored. */
export function at(x: Plain, index: readonly number[]): number {
  const skip = index.length - x.shape.length;
  let flat = 0;
  x.shape.forEach((extent, axis) => (flat = flat * extent + (extent === 1 ? 0 : index[axis + skip]!)));
  return x.data[flat]!;
}

export function build(shape: readonly number[], element: (index: number[]) => number, dtype: DType = "f32"): Plain {
  return { shape, dtype, data: indicesOf(shape).map(element) };
}

export function broadcast(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return extents.find((extent) => extent !== 1) ?? 1;
  });
}

/** What the dtypes of several operands give: floats before integers before bools; arithmetic on half floats gives f32. */
export function joined(inputs: readonly Plain[]): DType {
  const dtypes = inputs.map((input) => input.dtype);
  return dtypes.some((dtype) => dtype === "f32" || dtype === "f16") ? "f32" : (dtypes.find((dtype) => dtype !== "bool") ?? "bool");
}

/** One function of the elements at each index, with broadcasting. */
export function pointwise(f: (...values: number[]) => number, dtype?: DType): (inputs: readonly Plain[]) => Plain {
  return (inputs) => build(broadcast(...inputs.map((input) => input.shape)), (index) => f(...inputs.map((input) => at(input, index))), dtype ?? joined(inputs));
}

export const positive = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** One function of all elements along some axes (all by default), which are listed row-major. */
export function reduced(x: Plain, axis: number | readonly number[] | undefined, keepDims: boolean, f: (values: number[]) => number, dtype: DType = joined([x])): Plain {
  const rank = x.shape.length;
  const axes = (axis === undefined ? x.shape.map((_, a) => a) : typeof axis === "number" ? [axis] : axis).map((a) => positive(a, rank));
  const kept = x.shape.map((_, a) => a).filter((a) => !axes.includes(a));
  const inner = indicesOf(axes.toSorted((a, b) => a - b).map((a) => x.shape[a]!));
  const sorted = axes.toSorted((a, b) => a - b);
  const data = indicesOf(kept.map((a) => x.shape[a]!)).map((outer) =>
    f(
      inner.map((within) => {
        const index = new Array<number>(rank);
        kept.forEach((a, i) => (index[a] = outer[i]!));
        sorted.forEach((a, i) => (index[a] = within[i]!));
        return at(x, index);
      }),
    ),
  );
  return { shape: keepDims ? x.shape.map((extent, a) => (axes.includes(a) ? 1 : extent)) : kept.map((a) => x.shape[a]!), dtype, data };
}

/** A function of each line along an axis, which gives a line. */
export function alongLines(x: Plain, axis: number, f: (line: number[]) => number[], dtype: DType = joined([x])): Plain {
  const along = positive(axis, x.shape.length);
  const lines = new Map<string, number[]>();
  return build(
    x.shape,
    (index) => {
      const start = index.with(along, 0).join();
      let line = lines.get(start);
      if (!line) lines.set(start, (line = f(Array.from({ length: x.shape[along]! }, (_, i) => at(x, index.with(along, i))))));
      return line[index[along]!]!;
    },
    dtype,
  );
}

/** c[…, i, j] = Σ a[…, i, k] b[…, k, j] over broadcast batch axes. */
export function product(a: Plain, b: Plain): Plain {
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  return build([...batch, m, n], (index) => {
    const [i, j] = index.slice(-2) as [number, number];
    let sum = 0;
    // Extents of 1 are read at 0 by `at`, also where k is 1.
    for (let inner = 0; inner < k; inner++) sum += at(a, [...index.slice(0, -2), i, inner]) * at(b, [...index.slice(0, -2), inner, j]);
    return sum;
  });
}

/** The same elements under another shape. */
export const reshaped = (x: Plain, shape: readonly number[]): Plain => ({ ...x, shape });
