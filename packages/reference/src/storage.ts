import { DeviceError, formatValue } from "@multiway/errors";
import type { DType, HostArray } from "@multiway/tensor/device";
import { widenHalf } from "./half.ts";

/** Elements of a buffer: floats in float64, everything else as it is. */
export type Elements = Float64Array | Int32Array | Uint32Array;

export function createElements(dtype: DType, length: number): Elements {
  if (dtype === "f32" || dtype === "f16") return new Float64Array(length);
  return dtype === "i32" ? new Int32Array(length) : new Uint32Array(length);
}

/** Fills memory that nobody has written with what is easily seen: NaN, or a large odd integer. */
export function poison(elements: Elements): void {
  if (elements instanceof Float64Array) elements.fill(NaN);
  else elements.fill(0x5eed_dead | 0);
}

/** Copies what a host holds into a buffer, from an element on. Float64Array keeps its digits in f32 buffers. */
export function fromHost(caller: string, dtype: DType, elements: Elements, data: HostArray, offset = 0): void {
  const accepted = { f32: [Float32Array, Float64Array], f16: [Uint16Array], i32: [Int32Array], u32: [Uint32Array], bool: [Uint32Array] }[dtype];
  if (!accepted.some((type) => data instanceof type)) {
    throw new DeviceError(`${caller}: data is ${formatValue(data)} and the buffer ${dtype}; expected ${accepted.map((type) => type.name).join(" or ")}.`);
  }
  const perWord = dtype === "f16" ? 2 : 1;
  if (!(offset >= 0) || offset % perWord !== 0) throw new DeviceError(`${caller}: offset is ${offset}; expected ${perWord === 2 ? "an even number" : "a count"} of elements.`);
  if (offset + data.length > elements.length) {
    throw new DeviceError(`${caller}: data has ${data.length} elements${offset > 0 ? ` for places from ${offset}` : ""}; the buffer holds ${elements.length}.`);
  }
  if (dtype === "f16") for (let index = 0; index < data.length; index++) elements[offset + index] = widenHalf(data[index]!);
  else elements.set(data, offset);
}

/** The words handed in with a run, as a buffer of `dtype` sees them. */
export function fromWords(dtype: DType, words: Uint32Array): Elements {
  const copy = words.slice();
  if (dtype === "f32") return Float64Array.from(new Float32Array(copy.buffer));
  return dtype === "i32" ? new Int32Array(copy.buffer) : copy;
}
