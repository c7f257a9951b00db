import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";
import { f64x2, i64x2 } from "../assembler/wide.ts";
import { inDoubles, roundingShift } from "./doubles.ts";

const all = f32x4.all;
const double = f64x2.all;

// y · log₂ x needs more bits than f32 has before it becomes an exponent, so all goes through float64.

function polynomialInDoubles(x: V128, coefficients: readonly number[]): V128 {
  return coefficients.slice(0, -1).reduceRight<V128>((sum, coefficient) => f64x2.add(f64x2.mul(sum, x), double(coefficient)), double(coefficients.at(-1)!));
}

/** log₂ of two positive normal float64 lanes. */
function log2(code: Code, x: V128): V128 {
  const sqrtHalf = 0x3fe6a09e;
  const highWord = (word: number): V128 => i32x4.const(0, word, 0, word);
  const bits = code.let(i32x4.sub(x, highWord(sqrtHalf)));
  const exponents = i32x4.shrS(bits, 20);
  const exponent = code.let(f64x2.convertLowI32x4S(i32x4.shuffle(exponents, exponents, [1, 3, 1, 3])));
  const m = code.let(i32x4.add(v128.and(bits, i32x4.const(-1, 0xfffff, -1, 0xfffff)), highWord(sqrtHalf)));
  const s = code.let(f64x2.div(f64x2.sub(m, double(1)), f64x2.add(m, double(1))));
  const square = code.let(f64x2.mul(s, s));
  // atanh s = s + s³/3 + s⁵/5 + …, where |s| < 0.172.
  const series = polynomialInDoubles(square, [1, 3, 5, 7, 9, 11, 13, 15].map((n) => 2 / Math.LN2 / n));
  return f64x2.add(exponent, f64x2.mul(s, series));
}

/** 2^x of two float64 lanes within ±1000. */
function exp2(code: Code, x: V128): V128 {
  const n = code.let(f64x2.nearest(x));
  const fraction = code.let(f64x2.sub(x, n));
  const p = polynomialInDoubles(fraction, [
    1, 0.6931471805459316, 0.24022650695468345, 0.055504109412103445, 0.009618129228264828, 0.0013333450564750606, 0.00015403411816332724,
    1.531008007001469e-5, 1.32640263624126e-6,
  ]);
  // The integer in the low bits, moved to the exponent.
  return i64x2.add(code.let(p), i64x2.shl(f64x2.add(n, double(roundingShift)), 52));
}

/** x^y, special cases as in JavaScript's `**`. */
export function power(code: Code, x: V128, y: V128): V128 {
  const magnitude = code.let(f32x4.abs(x));
  // Ordinary lanes go through float64; 0, ∞ and NaN are put in afterwards.
  const isOrdinary = code.let(v128.and(f32x4.gt(magnitude, all(0)), f32x4.lt(magnitude, all(Infinity))));
  const safe = code.let(v128.bitselect(magnitude, all(1), isOrdinary));
  // Past ±200 · 2^7 the result is 0 or ∞ all the same.
  const boundedY = code.let(f32x4.pmax(f32x4.pmin(y, all(3e38)), all(-3e38)));
  const ordinary = inDoubles(code, safe, (half, isLow) => {
    const exponents = isLow ? boundedY : f32x4.shuffle(boundedY, boundedY, [2, 3, 2, 3]);
    const product = code.let(f64x2.mul(log2(code, half), f64x2.promoteLowF32x4(exponents)));
    return exp2(code, code.let(clampDoubles(product, 400)));
  });
  const isPositiveY = f32x4.gt(y, all(0));
  const isZero = f32x4.eq(magnitude, all(0));
  const extreme = v128.bitselect(all(Infinity), all(0), v128.xor(isZero, isPositiveY));
  const unsigned = code.let(v128.bitselect(ordinary, extreme, isOrdinary));

  const halfY = code.let(f32x4.mul(y, all(0.5)));
  const isInteger = code.let(f32x4.eq(f32x4.trunc(y), y));
  const isOdd = v128.and(isInteger, f32x4.ne(f32x4.trunc(halfY), halfY));
  const signed = v128.or(unsigned, v128.and(v128.and(x, isOdd), i32x4.all(0x80000000)));
  const isUndefined = v128.andNot(v128.and(f32x4.lt(x, all(0)), f32x4.gt(x, all(-Infinity))), isInteger);
  const isNaN = v128.or(v128.or(f32x4.ne(x, x), f32x4.ne(y, y)), isUndefined);
  // (±1)^±∞ is NaN in JavaScript, whatever C says.
  const isOneToInfinity = v128.and(f32x4.eq(magnitude, all(1)), f32x4.eq(f32x4.abs(y), all(Infinity)));
  const checked = v128.bitselect(all(NaN), signed, v128.or(isNaN, isOneToInfinity));
  return v128.bitselect(all(1), checked, f32x4.eq(y, all(0)));
}

/** NaN does not occur here. */
function clampDoubles(x: V128, bound: number): V128 {
  return f64x2.pmax(f64x2.pmin(x, double(bound)), double(-bound));
}
