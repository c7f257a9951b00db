/** Half floats on the host: IEEE 754 binary16, as raw bits. */

const scratch = new Float32Array(1);
const bitsOf = new Uint32Array(scratch.buffer);

/** Rounds to nearest even. */
export function floatToHalf(value: number): number {
  scratch[0] = value;
  const bits = bitsOf[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 65536 or beyond
  if (magnitude < 0x38800000) {
    // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴: let f64 arithmetic round to one.
    const scaled = Math.abs(scratch[0]!) * 16777216;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
