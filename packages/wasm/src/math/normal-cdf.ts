import { f32x4, type Code, type V128 } from "../assembler/index.ts";
import { polynomials } from "./polynomial.ts";

const all = f32x4.all;

// A minimax fit made for this file: Φ(x) = ½ + x · P(x²) / Q(x²) within 3e-9 up to 5.2. Beyond, it leaves [0, 1], and is cut off there.
const numerator = [0.398942261, 0.0325445623, 0.00460864593, 0.000156861701, 6.40789352e-6, 2.47311493e-8];
const denominator = [1, 0.248243462, 0.0279266949, 0.00181720322, 7.04961574e-5, 1.25886947e-6];
/** Powers of it are far from overflow, and the quotient is larger than ½. */
const largestSquare = 40;

/** The share of a standard normal distribution below x, within 2e-7. */
export function normalCdf(code: Code, x: V128): V128 {
  // A NaN in the first operand of pmin and pmax stays.
  const square = code.let(f32x4.pmin(f32x4.mul(x, x), all(largestSquare)));
  const [p, q] = polynomials(code, square, [numerator, denominator]) as [V128, V128];
  const sum = f32x4.add(all(0.5), f32x4.div(f32x4.mul(x, p), q));
  return f32x4.pmax(f32x4.pmin(sum, all(1)), all(0));
}
