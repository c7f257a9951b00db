/**
 * The error function, 2/√π ∫₀ˣ exp(−t²) dt, to some 15 digits.
 *
 * erf x = 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1)): all terms have one sign, so nothing cancels.
 * Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 7.1.6.
 */
export function erf(x: number): number {
  if (x !== x) return NaN;
  // erfc 6 = 2 · 10⁻¹⁷, less than half the spacing of float64 below 1.
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The share of a standard normal distribution below x. */
export const normalCdf = (x: number): number => (1 + erf(x * Math.SQRT1_2)) / 2;
