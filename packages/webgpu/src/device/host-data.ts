import type { DType, HostArray } from "@multiway/tensor/device";

/**
 * The words of an array as a device takes them: float64 narrows to f32, an odd number of half floats gets one more.
 *
 * @param copy  true where the caller may change the array before the words are used
 */
export function toBits(data: HostArray, copy = false): Uint32Array {
  if (data instanceof Float64Array) return toBits(new Float32Array(data));
  if (data instanceof Uint16Array && (data.length % 2 === 1 || data.byteOffset % 4 !== 0)) {
    const padded = new Uint16Array(data.length + (data.length % 2));
    padded.set(data);
    return toBits(padded);
  }
  const words = new Uint32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  // Dawn's binding for Node refuses views of a SharedArrayBuffer.
  const shared = typeof SharedArrayBuffer !== "undefined" && data.buffer instanceof SharedArrayBuffer;
  return copy || shared ? new Uint32Array(words) : words;
}

export function fromBits(dtype: DType, bytes: ArrayBuffer): HostArray {
  switch (dtype) {
    case "f32":
      return new Float32Array(bytes);
    case "f16":
      return new Uint16Array(bytes);
    case "i32":
      return new Int32Array(bytes);
    case "u32":
    case "bool":
      return new Uint32Array(bytes);
  }
}
