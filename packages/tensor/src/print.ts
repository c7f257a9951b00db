import type { DType, HostArray } from "./dtype.ts";
import type { Shape } from "./shape.ts";

/** Long axes are cut to this many elements at each end, once a tensor has more than `threshold` elements. */
const edge = 3;
const threshold = 1000;
/** Columns of a line. */
const lineWidth = 80;

/**
 * Elements as PyTorch prints them: four digits after the point, columns aligned, long lines wrapped, long axes cut in the middle, and dtype
 * and device behind unless they are what one expects.
 */
export function formatTensor(data: HostArray, shape: Shape, dtype: DType, device?: string): string {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const shown = (extent: number): (number | undefined)[] =>
    size > threshold && extent > 2 * edge ? [0, 1, 2, undefined, extent - 3, extent - 2, extent - 1] : Array.from({ length: extent }, (_, index) => index);

  const visible: number[] = [];
  const collect = (axis: number, row: number): void => {
    if (axis === shape.length) visible.push(data[row]!);
    else for (const index of shown(shape[axis]!)) if (index !== undefined) collect(axis + 1, row * shape[axis]! + index);
  };
  if (size > 0) collect(0, 0);
  const { text, width } = elementFormat(visible, dtype);

  const indent = "tensor(".length;
  const write = (axis: number, row: number): string => {
    if (axis === shape.length) return text(data[row]!).padStart(width);
    const inner = " ".repeat(indent + axis + 1);
    const parts = shown(shape[axis]!).map((index) => (index === undefined ? (axis === shape.length - 1 ? " ..." : "...") : write(axis + 1, row * shape[axis]! + index)));
    const rest = shape.length - axis - 1;
    if (rest > 0) return `[${parts.join(`,${"\n".repeat(rest)}${inner}`)}]`;
    const perLine = Math.max(1, Math.floor((lineWidth - indent - axis) / (width + 2)));
    const lines = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, line) => parts.slice(line * perLine, (line + 1) * perLine).join(", "));
    return `[${lines.join(`,\n${inner}`)}]`;
  };
  const notes: string[] = [];
  if (size === 0 && shape.length !== 1) notes.push(`shape=[${shape.join(", ")}]`);
  if (dtype !== "f32" && dtype !== "bool" && dtype !== "i32") notes.push(`dtype=${dtype}`);
  if (device) notes.push(`device=${device}`);
  return `tensor(${size === 0 ? "[]" : write(0, 0)}${notes.map((note) => `, ${note}`).join("")})`;
}

/** How elements are spelled, and how wide the columns are: as wide as the widest finite number. */
function elementFormat(values: readonly number[], dtype: DType): { text: (value: number) => string; width: number } {
  const widest = (text: (value: number) => string, of = values) => ({ text, width: Math.max(1, ...of.map((value) => text(value).length)) });
  if (dtype === "bool") return widest((value) => (value ? "True" : "False"));
  if (dtype === "i32" || dtype === "u32") return widest(String);
  const special = (value: number) => (Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");
  const or = (text: (value: number) => string) => (value: number) => (Number.isFinite(value) ? text(value) : special(value));
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const whole = or((value) => `${Object.is(value, -0) ? "-0" : value.toFixed(0)}.`);
  if (finite.length === 0) return { text: whole, width: 1 };
  const largest = Math.max(...finite.map(Math.abs));
  const smallest = Math.min(...finite.map(Math.abs));
  const isWhole = finite.every(Number.isInteger);
  if (largest / smallest > 1000 || largest > 1e8 || (!isWhole && smallest < 1e-4)) {
    return widest(or((value) => value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2")), finite);
  }
  return isWhole ? widest(whole, finite) : widest(or((value) => value.toFixed(4)), finite);
}
