import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";

const all = f32x4.all;
const signBit = (): V128 => i32x4.all(0x80000000);

/** Four f32 rounded to half floats, ties to even, in the low 16 bits of the lanes. */
export function narrowHalf(code: Code, x: V128): V128 {
  const magnitude = code.let(v128.and(x, i32x4.all(0x7fffffff)));
  const sign = i32x4.shrU(v128.and(x, signBit()), 16);
  // Normal results: rebias the exponent and round at bit 13.
  const odd = v128.and(i32x4.shrU(magnitude, 13), i32x4.all(1));
  const normal = i32x4.shrU(i32x4.add(i32x4.add(magnitude, i32x4.all((-112 << 23) + 0xfff)), odd), 13);
  // Subnormal results: adding ½ lets the float adder round to multiples of 2^−24.
  const subnormal = i32x4.sub(f32x4.add(magnitude, all(0.5)), i32x4.all(0x3f000000));
  const finite = code.let(v128.bitselect(subnormal, normal, i32x4.ltS(magnitude, i32x4.all(113 << 23))));
  const bounded = code.let(v128.bitselect(i32x4.all(0x7c00), finite, i32x4.geS(magnitude, i32x4.all(0x477ff000))));
  return v128.or(v128.bitselect(i32x4.all(0x7e00), bounded, i32x4.gtS(magnitude, i32x4.all(0x7f800000))), sign);
}
