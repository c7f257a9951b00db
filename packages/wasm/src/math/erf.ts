import { f32x4, v128, type Code, type V128 } from "../assembler/index.ts";
import { expOfModerate } from "./exp.ts";
import { polynomial, withSignOf } from "./polynomial.ts";

const all = f32x4.all;

// Both polynomials are minimax fits made for this file.

/** 2/√π · ∫ e^(−t²) dt from 0 to x, within 1e-7. */
export function erf(code: Code, x: V128): V128 {
  const magnitude = code.let(f32x4.abs(x));
  const square = code.let(f32x4.mul(x, x));
  const p = polynomial(code, square, [0.12837917, -0.37612632, 0.11283673, -0.026858104, 0.005197797, -0.00081059651, 8.2154234e-5]);
  const small = code.let(code.fusedMultiplyAdd(x, p, x));
  // ln(1 − erf) as a polynomial; at 4.1 and above 1 − erf is far below half an ulp of 1.
  const bounded = code.let(f32x4.pmin(magnitude, all(4.1)));
  const exponent = polynomial(code, bounded, [1.7587455e-4, -1.1295208, -0.63333463, -0.10829394, 0.025128625, -0.0041746432, 4.3521888e-4, -2.1161906e-5]);
  const large = f32x4.sub(all(1), expOfModerate(code, code.let(exponent)));
  return v128.bitselect(withSignOf(large, x), small, f32x4.gt(magnitude, all(0.92)));
}
