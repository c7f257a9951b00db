import type { Spec } from "../op.ts";
import { sameShape } from "../shape.ts";

interface Place {
  /** `0.layers.3.weight` for an argument, `model.layers.3.weight` for a result. */
  path: string;
  spec: Spec;
}

/**
 * Which donated argument each result overwrites: of equal shape and dtype, with the longest common end of their paths; each argument serves once.
 *
 * @returns binding by position of the result
 */
export function matchDonations(donated: readonly (Place & { binding: number })[], results: readonly Place[]): Map<number, number> {
  const candidates: { result: number; binding: number; common: number }[] = [];
  results.forEach((result, position) => {
    for (const argument of donated) {
      if (argument.spec.dtype !== result.spec.dtype || !sameShape(argument.spec.shape, result.spec.shape)) continue;
      candidates.push({ result: position, binding: argument.binding, common: commonEnd(argument.path, result.path) });
    }
  });
  candidates.sort((a, b) => b.common - a.common || a.result - b.result || a.binding - b.binding);
  const matches = new Map<number, number>();
  const taken = new Set<number>();
  for (const { result, binding } of candidates) {
    if (matches.has(result) || taken.has(binding)) continue;
    matches.set(result, binding);
    taken.add(binding);
  }
  return matches;
}

/** How many names two paths share at their ends. */
function commonEnd(a: string, b: string): number {
  const [x, y] = [a.split("."), b.split(".")];
  let count = 0;
  while (count < x.length && count < y.length && x[x.length - 1 - count] === y[y.length - 1 - count]) count++;
  return count;
}
