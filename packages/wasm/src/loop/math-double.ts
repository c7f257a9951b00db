/**
 * Elementary functions of f32 lanes that need float64 on the way: the sine of a large angle and a power both lose all accuracy in f32.
 * Errors: sin and cos below 2 ulp for |x| up to 10⁷, growing beyond; power below 1 ulp.
 */
import { f32x4, f64x2, i32x4, i64x2, v128, type Code, type V128 } from "../assembler/index.ts";
import { polynomial } from "./math.ts";

const all = f32x4.all;
const double = f64x2.all;

/** Runs `f` on the lower and the upper two lanes in float64, and joins the results, rounded to f32. */
function inDoubles(code: Code, x: V128, f: (low: V128, isLow: boolean) => V128): V128 {
  const low = code.let(f32x4.demoteF64x2Zero(f(code.let(f64x2.promoteLowF32x4(x)), true)));
  const upper = f64x2.promoteLowF32x4(f32x4.shuffle(x, x, [2, 3, 2, 3]));
  const high = code.let(f32x4.demoteF64x2Zero(f(code.let(upper), false)));
  return f32x4.shuffle(low, high, [0, 1, 4, 5]);
}

// π/2 in three parts; the first two have 30 bits, so that products with integers below 2²³ are exact.
const halfPi = [1.570796325802803, 9.920935791635221e-10, 5.170182981794105e-19] as const;

/** Sine (quadrants 0) or cosine (1): the polynomial of the quadrant that x falls in. */
function sinOfQuadrant(code: Code, x: V128, quadrantsAhead: 0 | 1): V128 {
  const quadrant = code.let(f32x4.const(0, 0, 0, 0));
  const reduced = inDoubles(code, x, (half, isLow) => {
    const n = code.let(f64x2.nearest(f64x2.mul(half, double(2 / Math.PI))));
    // n modulo 2³² in the low word, by the trick of adding 1.5 · 2⁵².
    const bits = code.let(f64x2.add(n, double(6755399441055744)));
    code.set(quadrant, isLow ? i32x4.shuffle(bits, bits, [0, 2, 0, 2]) : i32x4.shuffle(quadrant, bits, [0, 1, 4, 6]));
    return halfPi.reduce<V128>((rest, part) => f64x2.sub(rest, f64x2.mul(n, double(part))), half);
  });
  const r = code.let(reduced);
  if (quadrantsAhead > 0) code.set(quadrant, i32x4.add(quadrant, i32x4.all(quadrantsAhead)));
  const square = code.let(f32x4.mul(r, r));
  const sine = code.fusedMultiplyAdd(f32x4.mul(r, square), polynomial(code, square, [-0.16666667, 0.0083333291, -1.9839335e-4, 2.7183114e-6]), r);
  const cosine = code.fusedMultiplyAdd(
    f32x4.mul(square, square),
    polynomial(code, square, [0.041666646, -0.0013887368, 2.4438448e-5]),
    code.fusedMultiplyAdd(square, all(-0.5), all(1)),
  );
  const isOdd = i32x4.ne(v128.and(quadrant, i32x4.all(1)), i32x4.all(0));
  const sign = i32x4.shl(v128.and(quadrant, i32x4.all(2)), 30);
  return v128.xor(v128.bitselect(cosine, sine, isOdd), sign);
}

export const sin = (code: Code, x: V128): V128 => sinOfQuadrant(code, x, 0);
export const cos = (code: Code, x: V128): V128 => sinOfQuadrant(code, x, 1);

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
  return i64x2.add(code.let(p), i64x2.shl(f64x2.add(n, double(6755399441055744)), 52));
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
