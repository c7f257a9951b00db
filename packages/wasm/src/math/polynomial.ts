import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";

/**
 * A polynomial by Estrin's scheme: coefficients from the constant term up. Pairs of terms do not wait for one another, so that the chain of operations has a third of
 * Horner's length, for one product more at each doubling.
 */
export function polynomial(code: Code, x: V128, coefficients: readonly number[]): V128 {
  let terms: V128[] = coefficients.map((coefficient) => f32x4.all(coefficient));
  let power = code.let(x);
  while (terms.length > 1) {
    const pairs: V128[] = [];
    for (let index = 0; index < terms.length; index += 2) {
      const [low, high] = [terms[index]!, terms[index + 1]];
      pairs.push(high === undefined ? low : code.let(code.fusedMultiplyAdd(high, power, low)));
    }
    terms = pairs;
    if (terms.length > 1) power = code.let(f32x4.mul(power, power));
  }
  return terms[0]!;
}

/** `magnitude` with the sign of `x`. */
export const withSignOf = (magnitude: V128, x: V128): V128 => v128.or(magnitude, v128.and(x, i32x4.all(0x80000000)));
