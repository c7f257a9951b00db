import { f32x4, i32x4, v128, type Code, type Local, type V128 } from "../assembler/index.ts";

/** Half floats, one in the low 16 bits of each lane (zeros above), as f32: exactly, subnormals, infinities and NaN included. */
export function widenHalf(code: Code, halves: V128): Local<"v128"> {
  const bits = code.let(halves);
  // Exponent and mantissa in their new places, seen as a float, are 2⁻¹¹² times the value.
  const scaled = code.let(f32x4.mul(i32x4.shl(v128.and(bits, i32x4.all(0x7fff)), 13), f32x4.all(2 ** 112)));
  // What the largest exponent encodes needs the largest exponent again.
  const special = v128.and(i32x4.gtS(v128.and(bits, i32x4.all(0x7fff)), i32x4.all(0x7bff)), i32x4.all(0x7f800000));
  const sign = i32x4.shl(v128.and(bits, i32x4.all(0x8000)), 16);
  return code.let(v128.or(v128.or(scaled, special), sign));
}
