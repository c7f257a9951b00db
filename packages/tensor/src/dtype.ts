/**
 * Element types of tensors.
 *
 * `f16` is a storage type: it halves memory, and widens to f32 the moment something is computed from it.
 * `bool` is stored as one 32-bit word, 0 or 1, on every device.
 */
export type DType = "f32" | "f16" | "i32" | "u32" | "bool";

/** Types that values have inside a kernel. */
export type RegisterType = "f32" | "i32" | "u32" | "bool";

/** The typed array that holds a tensor of each dtype outside a device. Half floats are raw bits; bools are 0 or 1. */
export interface HostArrays {
  f32: Float32Array;
  f16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  bool: Uint32Array;
}

/** Whatever a device gives back for a buffer; the float64 device gives f32 tensors as Float64Array. */
export type HostArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array;

export const allDTypes: readonly DType[] = ["f32", "f16", "i32", "u32", "bool"];

/** Bytes of one element on a device. */
export const bytesOf = (dtype: DType): number => (dtype === "f16" ? 2 : 4);

export const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";

/** The type in which a kernel computes with elements of `dtype`. */
export const registerType = (dtype: DType): RegisterType => (dtype === "f16" ? "f32" : dtype);
