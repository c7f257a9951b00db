import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";

/** Horner: coefficients from the constant term up. */
export function polynomial(code: Code, x: V128, coefficients: readonly number[]): V128 {
  let sum = f32x4.all(coefficients.at(-1)!);
  for (let index = coefficients.length - 2; index >= 0; index--) sum = code.fusedMultiplyAdd(sum, x, f32x4.all(coefficients[index]!));
  return sum;
}

/** `magnitude` with the sign of `x`. */
export const withSignOf = (magnitude: V128, x: V128): V128 => v128.or(magnitude, v128.and(x, i32x4.all(0x80000000)));
