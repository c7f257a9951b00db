import { key } from "@multiway/random";
import { floatToHalf, halfToFloat, type Device, type Tensor } from "@multiway/tensor";
import { countOf, indicesOf, type Plain } from "./plain.ts";
import type { Input } from "./sample.ts";

/** How an input lies in memory: as it is, or so that the op meets strides. */
export type Lie = "contiguous" | "transposed" | "sliced" | "flipped" | "expanded";

/** A stored tensor, and how to see it so that it is the input. */
export interface Placed {
  /** What lies in memory. */
  stored: Plain;
  view(leaf: Tensor): Tensor;
}

function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/** Numbers that are an input's own, so that adding a sample changes no other. */
export function draw({ shape, dtype, values }: Input, name: string): Plain {
  const count = countOf(shape);
  const random = key(seedOf(name));
  let data: number[];
  if (typeof values === "object" && "list" in values) data = [...values.list];
  else if (values === "normal") data = [...random.normal(count)];
  else if (values === "distinct") data = [...random.permutation(count)].map((place) => (place - Math.floor(count / 2) + 0.4) * 0.125);
  else if (dtype === "f32" || dtype === "f16") data = [...random.uniform(count, values[0], values[1])];
  else data = [...random.uniform(count)].map((unit) => values[0] + Math.floor(unit * (values[1] - values[0] + 1)));
  if (data.length !== count) throw new Error(`${name} lists ${data.length} numbers for ${count} elements.`);
  const round = dtype === "f32" ? Math.fround : dtype === "f16" ? (value: number) => halfToFloat(floatToHalf(value)) : (value: number) => value;
  return { shape, dtype, data: data.map(round) };
}

/** The same numbers all along the first axis, so that they can be stored once and expanded. */
export function repeatedAlongFirst(x: Plain): Plain {
  if (x.shape.length === 0 || x.shape[0]! < 2) return x;
  const block = countOf(x.shape.slice(1));
  return { ...x, data: x.data.map((_, flat) => x.data[flat % block]!) };
}

/** @param lie falls back to "contiguous" where a scalar or an empty axis allows nothing else */
export function place(x: Plain, lie: Lie): Placed {
  const { shape, dtype } = x;
  const rank = shape.length;
  const last = rank - 1;
  if (lie === "expanded" && rank > 0 && shape[0]! > 1) {
    return { stored: { shape: [1, ...shape.slice(1)], dtype, data: x.data.slice(0, countOf(shape.slice(1))) }, view: (leaf) => leaf.expand(shape) };
  }
  if (lie === "transposed" && rank > 1) {
    const reversed = shape.toReversed();
    const data = indicesOf(reversed).map((index) => x.data[flatten(index.toReversed(), shape)]!);
    return { stored: { shape: reversed, dtype, data }, view: (leaf) => leaf.permute(shape.map((_, axis) => last - axis)) };
  }
  if (lie === "flipped" && rank > 0) {
    const data = indicesOf(shape).map((index) => x.data[flatten(index.map((i, axis) => shape[axis]! - 1 - i), shape)]!);
    return { stored: { shape, dtype, data }, view: (leaf) => leaf.flip(shape.map((_, axis) => axis)) };
  }
  if (lie === "sliced" && rank > 0) {
    // Every second element, from the second on; what lies between must not be read.
    const wide = shape.map((extent) => 2 * extent + 1);
    const data = indicesOf(wide).map((index) => (index.every((i) => i % 2 === 1) ? x.data[flatten(index.map((i) => (i - 1) / 2), shape)]! : dtype === "bool" ? 1 : 77));
    return { stored: { shape: wide, dtype, data }, view: (leaf) => leaf.slice(shape.map(() => [1, null, 2])) };
  }
  return { stored: x, view: (leaf) => leaf };
}

const flatten = (index: readonly number[], shape: readonly number[]): number => index.reduce((flat, i, axis) => flat * shape[axis]! + i, 0);

/** A tensor in the device's memory. */
export const leafOn = (device: Device, { shape, dtype, data }: Plain): Tensor => device.tensor(dtype === "f16" ? Uint16Array.from(data, floatToHalf) : Float64Array.from(data), { shape, dtype });

/** On the reference device: an f32 tensor that keeps all digits of float64, for differences of nearby numbers. */
export function preciseLeafOn(device: Device, { shape, dtype, data }: Plain): Tensor {
  if (dtype !== "f32") return leafOn(device, { shape, dtype, data });
  const buffer = device.backend.allocate("f32", data.length);
  device.backend.write(buffer, Float64Array.from(data));
  return device.adopt(buffer, shape);
}
