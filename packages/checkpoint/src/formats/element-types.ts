import type { DType } from "@multiway/tensor";

/** Element types of safetensors files. */
export type ElementType = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U64" | "U32" | "U16" | "U8" | "BOOL";

/** Elements as they lie in a file; halves are raw bits, bools are 0 and 1. */
export type Elements = Float64Array | Float32Array | Uint16Array | BigInt64Array | Int32Array | Int16Array | Int8Array | BigUint64Array | Uint32Array | Uint8Array;

interface Rule {
  /** Bytes of one element. */
  sizeBytes: number;
  view: new (buffer: ArrayBuffer, byteOffset: number, length: number) => Elements;
  /** What a tensor on a device becomes. */
  dtype: DType;
}

export const elementTypes: Readonly<Record<ElementType, Rule>> = {
  F64: { sizeBytes: 8, view: Float64Array, dtype: "f32" },
  F32: { sizeBytes: 4, view: Float32Array, dtype: "f32" },
  F16: { sizeBytes: 2, view: Uint16Array, dtype: "f16" },
  BF16: { sizeBytes: 2, view: Uint16Array, dtype: "f32" },
  I64: { sizeBytes: 8, view: BigInt64Array, dtype: "i32" },
  I32: { sizeBytes: 4, view: Int32Array, dtype: "i32" },
  I16: { sizeBytes: 2, view: Int16Array, dtype: "i32" },
  I8: { sizeBytes: 1, view: Int8Array, dtype: "i32" },
  U64: { sizeBytes: 8, view: BigUint64Array, dtype: "u32" },
  U32: { sizeBytes: 4, view: Uint32Array, dtype: "u32" },
  U16: { sizeBytes: 2, view: Uint16Array, dtype: "u32" },
  U8: { sizeBytes: 1, view: Uint8Array, dtype: "u32" },
  BOOL: { sizeBytes: 1, view: Uint8Array, dtype: "bool" },
};

export const isFloat = (type: ElementType): boolean => type === "F64" || type === "F32" || type === "F16" || type === "BF16";

export const isElementType = (text: unknown): text is ElementType => typeof text === "string" && Object.hasOwn(elementTypes, text);

/** Bytes of a tensor; Infinity beyond what a number counts exactly. */
export function sizeBytes(type: ElementType, shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  const size = shape.reduce((product, extent) => product * extent, elementTypes[type].sizeBytes);
  return size <= Number.MAX_SAFE_INTEGER ? size : Infinity;
}

/** The type that an array is written as when none is named; raw 16-bit words could be several, so they have none. */
export function elementTypeOf(data: Elements): ElementType | undefined {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof BigInt64Array) return "I64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Int16Array) return "I16";
  if (data instanceof Int8Array) return "I8";
  if (data instanceof BigUint64Array) return "U64";
  if (data instanceof Uint32Array) return "U32";
  return data instanceof Uint8Array ? "U8" : undefined;
}

/** True where typed arrays lay bytes out as files do. All engines that run WebGPU do. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Lays a typed array over bytes; copies where the bytes begin off the element size. */
export function viewElements(type: ElementType, bytes: Uint8Array): Elements {
  const { sizeBytes, view } = elementTypes[type];
  const aligned = isLittleEndian && bytes.byteOffset % sizeBytes === 0 && bytes.buffer instanceof ArrayBuffer ? bytes : Uint8Array.from(bytes);
  if (!isLittleEndian) swapBytes(aligned, sizeBytes);
  return new view(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / sizeBytes);
}

/** The bytes of elements as a file holds them. */
export function bytesOfElements(type: ElementType, data: Elements): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return isLittleEndian ? bytes : swapBytes(Uint8Array.from(bytes), elementTypes[type].sizeBytes);
}

function swapBytes(bytes: Uint8Array, size: number): Uint8Array {
  if (size > 1) for (let start = 0; start < bytes.length; start += size) bytes.subarray(start, start + size).reverse();
  return bytes;
}
