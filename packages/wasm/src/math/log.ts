import { f32x4, i32x4, v128, type Code, type Local, type V128 } from "../assembler/index.ts";

// Cephes' logf: x = 2ᵉ · (1 + m) with √½ ≤ 1 + m < √2, then a polynomial in m.
const coefficients = [
  7.0376836292e-2, -1.151461031e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
];
const ln2High = 0.693359375;
const ln2Low = -2.12194440054690583e-4;
const leastNormal = 1.1754943508222875e-38;

/** The natural logarithm of every lane: −Infinity for 0, NaN below 0 and for NaN. */
export function log(code: Code, x: V128): Local<"v128"> {
  const isSubnormal = code.let(f32x4.lt(x, f32x4.all(leastNormal)));
  const normal = code.let(v128.bitselect(f32x4.mul(x, f32x4.all(8388608)), x, isSubnormal));
  // The exponent that leaves a mantissa from √½ on.
  const bits = code.let(i32x4.sub(normal, i32x4.all(0x3f3504f3)));
  const exponent = code.let(i32x4.shrS(bits, 23));
  const m = code.let(f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), f32x4.all(1)));
  const e = code.let(f32x4.convertI32x4S(i32x4.sub(exponent, v128.and(isSubnormal, i32x4.all(23)))));
  const square = code.let(f32x4.mul(m, m));
  const sum = code.let(f32x4.all(coefficients[0]!));
  for (const coefficient of coefficients.slice(1)) code.set(sum, code.fusedMultiplyAdd(sum, m, f32x4.all(coefficient)));
  code.set(sum, f32x4.mul(f32x4.mul(sum, m), square));
  code.set(sum, code.fusedMultiplyAdd(e, f32x4.all(ln2Low), sum));
  code.set(sum, code.fusedMultiplyAdd(square, f32x4.all(-0.5), sum));
  code.set(sum, f32x4.add(m, sum));
  code.set(sum, code.fusedMultiplyAdd(e, f32x4.all(ln2High), sum));
  // 0, Infinity, negatives and NaN.
  code.set(sum, v128.bitselect(f32x4.all(-Infinity), sum, f32x4.eq(x, f32x4.all(0))));
  code.set(sum, v128.bitselect(x, sum, f32x4.eq(x, f32x4.all(Infinity))));
  return code.let(v128.or(sum, v128.not(f32x4.ge(x, f32x4.all(0)))));
}
