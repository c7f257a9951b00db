import { halfToFloat } from "@multiway/tensor";

/** The upper half of each f32: bf16 widens without loss. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let position = 0; position < bits.length; position++) words[position] = bits[position]! << 16;
  return new Float32Array(words.buffer);
}

/** All halves there are, by their bits. */
let halves: Float32Array | undefined;

/** F16 as numbers, without loss. */
export function widenHalf(bits: Uint16Array): Float32Array {
  const table = (halves ??= Float32Array.from({ length: 65536 }, (_, half) => halfToFloat(half)));
  const result = new Float32Array(bits.length);
  for (let position = 0; position < bits.length; position++) result[position] = table[bits[position]!]!;
  return result;
}

/** The nearest bf16 of each number, ties to even; NaN stays one. */
export function narrowToBfloat16(numbers: Float32Array): Uint16Array {
  const words = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  const result = new Uint16Array(numbers.length);
  for (let position = 0; position < words.length; position++) {
    const word = words[position]!;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    result[position] = isNaN ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return result;
}
