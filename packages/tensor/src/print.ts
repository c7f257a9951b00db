import type { DType, HostArray } from "./dtype.ts";
import { contiguousStrides, sizeOf, type Shape } from "./shape.ts";

/** Elements as nested arrays; a scalar by itself. */
export type Nested = number | boolean | Nested[];

/** Row-major elements as nested arrays; bools as true and false. */
export function toNested(data: HostArray, shape: Shape, dtype: DType): Nested {
  const strides = contiguousStrides(shape);
  const at = (axis: number, offset: number): Nested => {
    if (axis === shape.length) return dtype === "bool" ? data[offset] !== 0 : data[offset]!;
    return Array.from({ length: shape[axis]! }, (_, index) => at(axis + 1, offset + index * strides[axis]!));
  };
  return at(0, 0);
}

/** Long axes are cut to this many elements at each end, once a tensor has more than `threshold` elements. */
const edge = 3;
const threshold = 1000;

/**
 * Elements as PyTorch prints them: four digits after the point, columns aligned, long axes cut in the middle, and dtype and device behind
 * unless they are what one expects.
 */
export function formatTensor(data: HostArray, shape: Shape, dtype: DType, device?: string): string {
  const strides = contiguousStrides(shape);
  const cut = sizeOf(shape) > threshold;
  const shown = (extent: number): (number | undefined)[] =>
    cut && extent > 2 * edge ? [0, 1, 2, undefined, extent - 3, extent - 2, extent - 1] : Array.from({ length: extent }, (_, index) => index);

  const visible: number[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) visible.push(data[offset]!);
    else for (const index of shown(shape[axis]!)) if (index !== undefined) collect(axis + 1, offset + index * strides[axis]!);
  };
  if (sizeOf(shape) > 0) collect(0, 0);
  const text = elementFormat(visible, dtype);
  const width = Math.max(0, ...visible.map((value) => text(value).length));

  const indent = "tensor(".length;
  const write = (axis: number, offset: number): string => {
    if (axis === shape.length) return shape.length === 0 ? text(data[offset]!) : text(data[offset]!).padStart(width);
    const parts = shown(shape[axis]!).map((index) => (index === undefined ? "..." : write(axis + 1, offset + index * strides[axis]!)));
    const rest = shape.length - axis - 1;
    return `[${parts.join(rest === 0 ? ", " : `,${"\n".repeat(rest)}${" ".repeat(indent + axis + 1)}`)}]`;
  };
  const notes: string[] = [];
  if (sizeOf(shape) === 0) notes.push(`shape=[${shape.join(", ")}]`);
  if (dtype !== "f32" && dtype !== "bool" && dtype !== "i32") notes.push(`dtype=${dtype}`);
  if (device) notes.push(`device=${device}`);
  return `tensor(${sizeOf(shape) === 0 ? "[]" : write(0, 0)}${notes.map((note) => `, ${note}`).join("")})`;
}

function elementFormat(values: readonly number[], dtype: DType): (value: number) => string {
  if (dtype === "bool") return (value) => (value ? "True" : "False");
  if (dtype === "i32" || dtype === "u32") return String;
  const finite = values.filter(Number.isFinite).map(Math.abs);
  const largest = Math.max(0, ...finite);
  const smallest = Math.min(Infinity, ...finite.filter((value) => value > 0));
  const special = (value: number) => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");
  if (finite.every(Number.isInteger) && largest < 1e8) return (value) => (Number.isFinite(value) ? `${value}.` : special(value));
  if (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e3 * 1e5) {
    return (value) => (Number.isFinite(value) ? value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2") : special(value));
  }
  return (value) => (Number.isFinite(value) ? value.toFixed(4) : special(value));
}
