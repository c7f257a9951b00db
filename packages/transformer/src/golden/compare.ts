import { formatShape } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import type { GoldenOutput } from "./manifest.ts";

/** One compared result. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  /** Largest error over its tolerance, so that 1 is the limit; of exact values 0 or Infinity. */
  worst: number;
  /** The place of that error, or why nothing could be compared. */
  where: string;
}

/** What a run computed. */
export interface Actual {
  shape: Shape;
  data: ArrayLike<number>;
}

export const failed = (name: string, where: string): GoldenResult => ({ name, passed: false, worst: Infinity, where });

/** Compares element by element: |actual − expected| ≤ atol, or equality. */
export function compare(name: string, { shape, data }: Actual, expected: ArrayLike<number>, rule: GoldenOutput): GoldenResult {
  if (shape.join() !== rule.shape.join()) return failed(name, `the shape is ${formatShape(shape)}; expected ${formatShape(rule.shape)}`);
  let worst = -1;
  let at = 0;
  for (let index = 0; index < expected.length; index++) {
    const error = data[index] === expected[index] ? 0 : rule.exact ? Infinity : Math.abs(data[index]! - expected[index]!) / (rule.atol ?? 0);
    // A NaN is farther off than any number.
    const ratio = Number.isNaN(error) ? Infinity : error;
    if (ratio <= worst) continue; // also keeps the first of equals
    worst = ratio;
    at = index;
  }
  if (worst < 0) return { name, passed: true, worst: 0, where: "no elements" };
  return { name, passed: worst <= 1, worst, where: `${formatShape(unravel(at, shape))}: ${data[at]} for ${expected[at]}` };
}

function unravel(index: number, shape: Shape): number[] {
  const place: number[] = [];
  for (const extent of [...shape].reverse()) {
    place.unshift(index % extent);
    index = Math.floor(index / extent);
  }
  return place;
}
