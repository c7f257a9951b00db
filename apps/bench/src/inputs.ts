/**
 * Numbers that every target computes from, made in the same way everywhere: position and seed give the value, so no order matters and
 * nothing is sent. Uniform in offset ± scale, whole multiples of 2⁻²³ before scaling.
 */
export function uniform(seed: number, length: number, scale = 1, offset = 0): Float32Array {
  const values = new Float32Array(length);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < length; i++) values[i] = ((mix(start + i) >>> 8) * 2 ** -23 - 1) * scale + offset;
  return values;
}

/** Whole numbers from 0 to below `limit`. */
export function integers(seed: number, length: number, limit: number): Int32Array {
  const values = new Int32Array(length);
  const start = Math.imul(seed, 0x9e3779b9);
  for (let i = 0; i < length; i++) values[i] = (mix(start + i) >>> 8) % limit;
  return values;
}

/** The finalizer of MurmurHash3. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
