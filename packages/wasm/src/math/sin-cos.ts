import { f32x4, i32x4, v128, type Code, type V128 } from "../assembler/index.ts";
import { f64x2 } from "../assembler/wide.ts";
import { inDoubles, roundingShift } from "./doubles.ts";
import { polynomial } from "./polynomial.ts";

const all = f32x4.all;
const double = f64x2.all;

// The angle is reduced in float64, where an f32 angle up to 10⁷ keeps all its accuracy; beyond, the error grows. The polynomials are minimax fits made for this file.

// π/2 in three parts; the first two have 30 bits, so that products with integers below 2²³ are exact.
const halfPi = [1.570796325802803, 9.920935791635221e-10, 5.170182981794105e-19] as const;

/** Sine (quadrants 0) or cosine (1): the polynomial of the quadrant that x falls in. */
function sinOfQuadrant(code: Code, x: V128, quadrantsAhead: 0 | 1): V128 {
  const quadrant = code.let(f32x4.const(0, 0, 0, 0));
  const reduced = inDoubles(code, x, (half, isLow) => {
    const n = code.let(f64x2.nearest(f64x2.mul(half, double(2 / Math.PI))));
    // n modulo 2³² in the low word, by the trick of adding 1.5 · 2⁵².
    const bits = code.let(f64x2.add(n, double(roundingShift)));
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
