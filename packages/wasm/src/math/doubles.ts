import { f32x4, type Code, type V128 } from "../assembler/index.ts";
import { f64x2 } from "../assembler/wide.ts";

/** Adding it to a float64 below 2⁵¹ leaves its nearest integer in the low bits. */
export const roundingShift = 6755399441055744;

/** Runs `f` on the lower and the upper two lanes in float64, and joins the results, rounded to f32. */
export function inDoubles(code: Code, x: V128, f: (low: V128, isLow: boolean) => V128): V128 {
  const low = code.let(f32x4.demoteF64x2Zero(f(code.let(f64x2.promoteLowF32x4(x)), true)));
  const upper = f64x2.promoteLowF32x4(f32x4.shuffle(x, x, [2, 3, 2, 3]));
  const high = code.let(f32x4.demoteF64x2Zero(f(code.let(upper), false)));
  return f32x4.shuffle(low, high, [0, 1, 4, 5]);
}
