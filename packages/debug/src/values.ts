import type { DeviceBackend } from "@multiway/tensor/device";
import { format } from "./describe.ts";
import type { StepBuffer } from "./stepwise.ts";

/** A buffer's elements as numbers, half floats widened; undefined for words that are handed in with each run. */
export async function elementsOf(device: DeviceBackend, { dtype, memory }: StepBuffer): Promise<ArrayLike<number> | undefined> {
  if (!memory || memory.length === 0) return undefined;
  const data = await device.read(memory);
  return dtype === "f16" && data instanceof Uint16Array ? Float32Array.from(data, widen) : data;
}

/** For values that are looked at, not computed with: a NaN stays one. */
function widen(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** `−1.25 … 3.5`, and how many are not finite. */
export function rangeOf(values: ArrayLike<number>): string {
  let [least, most, numNaN, numInfinite] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) numNaN++;
    else if (!Number.isFinite(value)) numInfinite++;
    else {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const range = least > most ? "nothing finite" : `${format(least)} … ${format(most)}`;
  return `${range}${numNaN ? `, ${numNaN} NaN` : ""}${numInfinite ? `, ${numInfinite} infinite` : ""}`;
}
