import { formatShape } from "@multiway/errors";
import type { DType, HostArray } from "@multiway/tensor/device";

/** How far two numbers may be apart: |actual − expected| ≤ relative · |expected| + absolute. */
export interface Tolerance {
  relative: number;
  absolute: number;
}

/** Integers, bools, and floats that are copied or exactly rounded. −0 equals 0. */
export const exactly: Tolerance = { relative: 0, absolute: 0 };

export interface CompareOptions extends Tolerance {
  /** What the numbers are; raw bits of half floats widen. Default f32 for float arrays. */
  dtype?: DType;
  /** Default: one axis. */
  shape?: readonly number[];
  /** Stands before the message. */
  label?: string;
}

/**
 * Compares what a device computed with what was expected. NaN equals NaN; an infinity equals itself alone; a number too large for f32,
 * which a float64 device may give, counts as infinity.
 *
 * @returns undefined if all elements are within tolerance, else a message: shape, count over tolerance, and the worst element with its index,
 *          both values and both errors
 */
export function compareArrays(actual: HostArray, expected: HostArray, options: CompareOptions): string | undefined {
  const { label, dtype = "f32", shape = [expected.length], relative, absolute } = options;
  const prefix = label === undefined ? "" : `${label}: `;
  if (actual.length !== expected.length) return `${prefix}there are ${actual.length} elements; expected ${expected.length} of shape ${formatShape(shape)}.`;
  let over = 0;
  let worst = { index: -1, ratio: -1, actual: 0, expected: 0 };
  for (let index = 0; index < expected.length; index++) {
    const a = numberAt(actual, index, dtype);
    const e = numberAt(expected, index, dtype);
    if (a === e || (a !== a && e !== e)) continue;
    const tolerance = relative * Math.abs(e) + absolute;
    // An infinity or a NaN on one side alone is farther off than any number.
    const ratio = Number.isFinite(a) && Number.isFinite(e) ? (tolerance === 0 ? Number.MAX_VALUE : Math.abs(a - e) / tolerance) : Infinity;
    if (ratio <= 1) continue;
    over++;
    if (ratio > worst.ratio) worst = { index, ratio, actual: a, expected: e };
  }
  if (over === 0) return undefined;
  const error = Math.abs(worst.actual - worst.expected);
  return (
    `${prefix}${over} of ${expected.length} elements of shape ${formatShape(shape)} (${dtype}) are over the tolerance ${relative} relative + ${absolute} absolute. ` +
    `Worst at ${formatShape(indexIn(shape, worst.index))}: expected ${worst.expected}, actual ${worst.actual}, ` +
    `absolute error ${error.toPrecision(3)}, relative error ${(error / Math.abs(worst.expected)).toPrecision(3)}.`
  );
}

function numberAt(array: HostArray, index: number, dtype: DType): number {
  const value = array[index]!;
  if (dtype === "f16" && array instanceof Uint16Array) return widenHalf(value);
  return dtype === "f32" && Math.abs(value) > LARGEST_F32 ? Math.fround(value) : value;
}

const LARGEST_F32 = 3.4028234663852886e38;

/** Throws what {@link compareArrays} says. */
export function expectClose(actual: HostArray, expected: HostArray, options: CompareOptions): void {
  const message = compareArrays(actual, expected, options);
  if (message !== undefined) throw new Error(message);
}

/** Compares bit by bit; any NaN equals any other, since engines may choose their bits. */
export function compareBits(actual: HostArray, expected: HostArray, label = ""): string | undefined {
  if (actual.length !== expected.length) return `${label}: there are ${actual.length} elements; expected ${expected.length}.`;
  let over = 0;
  let first = -1;
  for (let index = 0; index < expected.length; index++) {
    if (Object.is(actual[index], expected[index])) continue;
    over++;
    if (first < 0) first = index;
  }
  if (over === 0) return undefined;
  return `${label}: ${over} of ${expected.length} elements differ in their bits. First at ${first}: expected ${withSign(expected[first]!)}, actual ${withSign(actual[first]!)}.`;
}

const withSign = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

/** The number that the 16 bits of a half float stand for. */
export function widenHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function indexIn(shape: readonly number[], flat: number): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const extent of [...shape].reverse()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}
