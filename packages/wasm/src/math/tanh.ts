import { f32x4, v128, type Code, type V128 } from "../assembler/index.ts";
import { exp } from "./exp.ts";
import { polynomial, withSignOf } from "./polynomial.ts";

const all = f32x4.all;

// Near 0 a minimax polynomial in x², made for this file.

/** (e^2x − 1) / (e^2x + 1) */
export function tanh(code: Code, x: V128): V128 {
  const magnitude = code.let(f32x4.abs(x));
  const square = code.let(f32x4.mul(x, x));
  const p = polynomial(code, square, [-0.33333284, 0.13331491, -0.053743497, 0.020650579, -0.005717037]);
  const small = code.let(code.fusedMultiplyAdd(f32x4.mul(x, square), p, x));
  const power = exp(code, code.let(f32x4.add(magnitude, magnitude)));
  const large = f32x4.sub(all(1), f32x4.div(all(2), f32x4.add(power, all(1))));
  // The sign of −0 is lost in the polynomial.
  return withSignOf(v128.bitselect(large, small, f32x4.ge(magnitude, all(0.625))), x);
}
