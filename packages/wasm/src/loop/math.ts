/**
 * Elementary functions of four f32 lanes. Polynomials are minimax fits made for this file; ranges are reduced as in Cody and Waite, "Software Manual for the
 * Elementary Functions". Errors, over all of f32: exp, log, tanh below 2 ulp, erf below 1e-7 absolute.
 */
import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";

const all = f32x4.all;

/** Horner: coefficients from the constant term up. */
export function polynomial(code: Code, x: V128, coefficients: readonly number[]): V128 {
  let sum = all(coefficients.at(-1)!);
  for (let index = coefficients.length - 2; index >= 0; index--) sum = code.fusedMultiplyAdd(sum, x, all(coefficients[index]!));
  return sum;
}

const ln2High = 0.693359375;
const ln2Low = -2.12194440054690582e-4;
/** Adding it to a float below 2²² rounds that to an integer, which then stands in the low bits. */
const roundingShift = 12582912;

/** e^x */
export function exp(code: Code, x: V128): V128 {
  // Past these bounds the result is 0 or infinity anyway. In this order of operands NaN comes through.
  const bounded = code.let(f32x4.pmax(f32x4.pmin(x, all(89)), all(-104)));
  const shifted = code.let(code.fusedMultiplyAdd(bounded, all(Math.LOG2E), all(roundingShift)));
  const n = code.let(i32x4.sub(shifted, i32x4.all(0x4b400000)));
  const nFloat = code.let(f32x4.sub(shifted, all(roundingShift)));
  const r = code.let(code.fusedMultiplyAdd(nFloat, all(-ln2Low), code.fusedMultiplyAdd(nFloat, all(-ln2High), bounded)));
  const q = polynomial(code, r, [0.49999994, 0.1666652, 0.041668408, 0.0083688991, 0.0013814219]);
  const fraction = f32x4.add(code.fusedMultiplyAdd(f32x4.mul(r, r), q, r), all(1));
  // 2^n in two factors, so that neither overflows, and results below the normal range come out right.
  const half = code.let(i32x4.shrS(n, 1));
  const power = (exponent: V128): V128 => i32x4.shl(i32x4.add(exponent, i32x4.all(127)), 23);
  return f32x4.mul(f32x4.mul(fraction, power(half)), power(i32x4.sub(n, half)));
}

/** ln x */
export function log(code: Code, x: V128): V128 {
  const isTiny = code.let(f32x4.lt(x, all(2 ** -126)));
  const scaled = code.let(v128.bitselect(f32x4.mul(x, all(2 ** 24)), x, isTiny));
  // x = m · 2^e with m from √½ to √2.
  const bits = code.let(i32x4.sub(scaled, i32x4.all(0x3f3504f3)));
  const e = f32x4.convertI32x4S(i32x4.sub(i32x4.shrS(bits, 23), v128.and(isTiny, i32x4.all(24))));
  const exponent = code.let(e);
  const f = code.let(f32x4.sub(i32x4.add(v128.and(bits, i32x4.all(0x7fffff)), i32x4.all(0x3f3504f3)), all(1)));
  const square = code.let(f32x4.mul(f, f));
  const p = polynomial(
    code,
    f,
    [0.33333313, -0.25000009, 0.20002119, -0.16667996, 0.14219551, -0.12405591, 0.11888175, -0.11675641, 0.067466013],
  );
  const low = code.fusedMultiplyAdd(square, all(-0.5), code.fusedMultiplyAdd(exponent, all(ln2Low), f32x4.mul(f32x4.mul(square, f), p)));
  const result = code.fusedMultiplyAdd(exponent, all(ln2High), f32x4.add(f, low));
  // +∞ and NaN stay; 0 gives −∞, what is below 0 gives NaN.
  const special = v128.bitselect(all(-Infinity), f32x4.add(x, v128.and(f32x4.lt(x, all(0)), all(NaN))), f32x4.eq(x, all(0)));
  const isOrdinary = v128.and(f32x4.gt(x, all(0)), f32x4.lt(x, all(Infinity)));
  return v128.bitselect(result, special, isOrdinary);
}

const signBit = (): V128 => i32x4.all(0x80000000);

/** `magnitude` with the sign of `x`. */
const withSignOf = (magnitude: V128, x: V128): V128 => v128.or(magnitude, v128.and(x, signBit()));

/** (e^2x − 1) / (e^2x + 1) */
export function tanh(code: Code, x: V128): V128 {
  const magnitude = code.let(f32x4.abs(x));
  const square = code.let(f32x4.mul(x, x));
  const p = polynomial(code, square, [-0.33333284, 0.13331491, -0.053743497, 0.020650579, -0.005717037]);
  const small = code.let(code.fusedMultiplyAdd(f32x4.mul(x, square), p, x));
  const power = exp(code, code.let(f32x4.add(magnitude, magnitude)));
  const large = f32x4.sub(all(1), f32x4.div(all(2), f32x4.add(power, all(1))));
  return v128.bitselect(withSignOf(large, x), small, f32x4.ge(magnitude, all(0.625)));
}

/** 2/√π · ∫ e^(−t²) dt from 0 to x */
export function erf(code: Code, x: V128): V128 {
  const magnitude = code.let(f32x4.abs(x));
  const square = code.let(f32x4.mul(x, x));
  const p = polynomial(code, square, [0.12837917, -0.37612632, 0.11283673, -0.026858104, 0.005197797, -0.00081059651, 8.2154234e-5]);
  const small = code.let(code.fusedMultiplyAdd(x, p, x));
  // ln(1 − erf) as a polynomial; at 4.1 and above 1 − erf is far below half an ulp of 1.
  const bounded = code.let(f32x4.pmin(magnitude, all(4.1)));
  const exponent = polynomial(code, bounded, [1.7587455e-4, -1.1295208, -0.63333463, -0.10829394, 0.025128625, -0.0041746432, 4.3521888e-4, -2.1161906e-5]);
  const large = f32x4.sub(all(1), exp(code, code.let(exponent)));
  return v128.bitselect(withSignOf(large, x), small, f32x4.gt(magnitude, all(0.92)));
}

/** Half floats in the low 16 bits of four lanes, as f32. */
export function widenHalf(code: Code, half: V128): V128 {
  const magnitude = code.let(i32x4.shl(v128.and(half, i32x4.all(0x7fff)), 13));
  // The exponent is 15 too small by bias; a product with 2^112 sets it right, subnormals included.
  const number = f32x4.mul(magnitude, all(2 ** 112));
  const special = v128.and(i32x4.gtS(magnitude, i32x4.all((0x7c00 << 13) - 1)), i32x4.all(0x7f800000));
  const sign = i32x4.shl(v128.and(half, i32x4.all(0x8000)), 16);
  return v128.or(v128.or(number, special), sign);
}

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
