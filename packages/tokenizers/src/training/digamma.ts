/**
 * ψ(x), the derivative of log Γ(x), for x > 0; absolute error below 1e-11.
 *
 * ψ(x) = ψ(x + 1) − 1 / x until x ≥ 10, then log x − 1/(2x) − 1/(12x²) + 1/(120x⁴) − 1/(252x⁶) + 1/(240x⁸).
 * Source: Abramowitz and Stegun 1964, 6.3.5 and 6.3.18.
 */
export function digamma(x: number): number {
  let result = 0;
  for (; x < 10; x++) result -= 1 / x;
  const square = 1 / (x * x);
  return result + Math.log(x) - 0.5 / x - square * (1 / 12 - square * (1 / 120 - square * (1 / 252 - square / 240)));
}
