import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";

/**
 * Polynomials by Estrin's scheme: coefficients from the constant term up. Pairs of terms do not wait for one another, so that the chain of operations has a third of
 * Horner's length, for one product more at each doubling.
 */
export function polynomials(code: Code, x: V128, coefficients: readonly (readonly number[])[]): V128[] {
  let all = coefficients.map((list): V128[] => list.map((coefficient) => f32x4.all(coefficient)));
  const isLonger = ({ length }: readonly V128[]): boolean => length > 1;
  for (let power = code.let(x); all.some(isLonger); power = all.some(isLonger) ? code.let(f32x4.mul(power, power)) : power) {
    all = all.map((terms) =>
      terms.flatMap((low, index) => {
        if (index % 2 === 1) return [];
        const high = terms[index + 1];
        return [high === undefined ? low : code.let(code.fusedMultiplyAdd(high, power, low))];
      }),
    );
  }
  return all.map(([value]) => value!);
}

export const polynomial = (code: Code, x: V128, coefficients: readonly number[]): V128 => polynomials(code, x, [coefficients])[0]!;

/** `magnitude` with the sign of `x`. */
export const withSignOf = (magnitude: V128, x: V128): V128 => v128.or(magnitude, v128.and(x, i32x4.all(0x80000000)));
