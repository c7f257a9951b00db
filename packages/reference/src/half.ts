/** IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */

/** The number that 16 bits stand for. */
export function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The nearest half float; ties go to the even fraction, 65520 and above to infinity. */
export function roundToHalf(value: number): number {
  const magnitude = Math.abs(value);
  if (!(magnitude < 65520)) return magnitude !== magnitude ? NaN : Math.sign(value) * Infinity;
  // Below 2⁻¹⁴ halves are spaced evenly; above, 1024 of them lie between neighbouring powers of two.
  let exponent = -14;
  while (magnitude >= 2 ** (exponent + 1)) exponent++;
  const spacing = 2 ** (exponent - 10);
  const rounded = roundHalfToEven(magnitude / spacing) * spacing;
  return value < 0 || Object.is(value, -0) ? -rounded : rounded;
}

/** The bits of a number that is a half float already. */
export function halfBits(half: number): number {
  if (half !== half) return 0x7e00;
  const sign = half < 0 || Object.is(half, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(half);
  if (magnitude === Infinity) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | (magnitude * 2 ** 24);
  let exponent = -14;
  while (magnitude >= 2 ** (exponent + 1)) exponent++;
  return sign | ((exponent + 15) << 10) | ((magnitude / 2 ** exponent - 1) * 1024);
}

/** The nearest whole number; halves go to the even one. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (!(rest === 0.5)) return rest < 0.5 ? (Object.is(value, -0) ? -0 : floor) : Math.ceil(value);
  return floor % 2 === 0 ? floor : Math.ceil(value);
}
