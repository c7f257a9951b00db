import { f32x4, i32x4, v128, type Code, type Local, type V128 } from "../assembler/index.ts";

// exp(x) = 2ⁿ · exp(r) with n = round(x / ln 2) and |r| ≤ ln 2 / 2. The polynomial is that of Cephes' expf: 1 ulp or so.
const log2e = 1.4426950408889634;
/** ln 2 in two parts; the first has so few bits that n times it is exact. */
const ln2High = 0.693359375;
const ln2Low = -2.12194440054690583e-4;
const coefficients = [1.98756915e-4, 1.398199950773e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
/** 1.5 · 2²³: a float this large has no fraction bits, so adding it rounds to an integer, which then stands in the low bits. */
const rounder = 12582912;
/** The least x whose exponential is a normal number. */
const leastNormal = -87.3365478515625;

/** exp(r), and n in the low bits of a word whose other bits a shift by 23 drops. */
function reduce(code: Code, x: V128): { power: Local<"v128">; exponent: Local<"v128"> } {
  const exponent = code.let(code.fusedMultiplyAdd(x, f32x4.all(log2e), f32x4.all(rounder)));
  const n = code.let(f32x4.sub(exponent, f32x4.all(rounder)));
  const r = code.let(code.fusedMultiplyAdd(n, f32x4.all(-ln2High), x));
  code.set(r, code.fusedMultiplyAdd(n, f32x4.all(-ln2Low), r));
  const power = code.let(f32x4.all(coefficients[0]!));
  for (const coefficient of coefficients.slice(1)) code.set(power, code.fusedMultiplyAdd(power, r, f32x4.all(coefficient)));
  code.set(power, code.fusedMultiplyAdd(f32x4.mul(r, r), power, f32x4.add(r, f32x4.all(1))));
  return { power, exponent };
}

const powerOfTwo = (exponent: V128): V128 => i32x4.shl(i32x4.add(exponent, i32x4.all(127)), 23);

/** exp of every lane, over the whole range: subnormal results, 0, Infinity, and NaN for NaN. */
export function exp(code: Code, x: V128): Local<"v128"> {
  // A NaN in the first operand of pmin and pmax stays.
  const clamped = code.let(f32x4.pmax(f32x4.pmin(x, f32x4.all(89)), f32x4.all(-105)));
  const { power, exponent } = reduce(code, clamped);
  // 2ⁿ may lie outside the range of floats where the result does not: multiply by two halves of it.
  const n = code.let(i32x4.sub(exponent, i32x4.all(0x4b400000)));
  const half = code.let(i32x4.shrS(n, 1));
  return code.let(f32x4.mul(f32x4.mul(power, powerOfTwo(half)), powerOfTwo(i32x4.sub(n, half))));
}

/** exp of every lane where that is a normal number: from −87.3 to 88. NaN gives NaN. */
export function expOfModerate(code: Code, x: V128): Local<"v128"> {
  const { power, exponent } = reduce(code, x);
  return code.let(f32x4.mul(power, powerOfTwo(exponent)));
}

/** exp of every lane for x ≤ 88, as in a softmax: a subnormal result is 0, −Infinity gives 0, and NaN gives NaN. */
export function expOfNonPositive(code: Code, x: V128): Local<"v128"> {
  const vanishes = code.let(f32x4.lt(x, f32x4.all(leastNormal)));
  const clamped = code.let(f32x4.pmax(x, f32x4.all(leastNormal)));
  const { power, exponent } = reduce(code, clamped);
  return code.let(v128.andNot(f32x4.mul(power, powerOfTwo(exponent)), vanishes));
}
