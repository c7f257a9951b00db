import type { Segments } from "../segments.ts";
import type { Lattice } from "./lattice.ts";

/**
 * Draws one segmentation with probability ∝ exp(alpha × score): backwards, each edge by the share of its sum.
 *
 * @param sums of `forwardSums` with the same alpha
 * @param draw a number in [0, 1) for the step that it is given
 *
 * Source: Kudo 2018, section 3.3 (forward filtering and backward sampling).
 */
export function samplePath(lattice: Lattice, sums: Float64Array, alpha: number, draw: (step: number) => number, segments: Segments): void {
  let step = 0;
  for (let end = lattice.size; end > 0; ) {
    let remaining = draw(step++);
    let chosen = lattice.lastInto[end]!;
    for (let edge = chosen; edge >= 0; edge = lattice.earlierInto[edge]!) {
      const probability = Math.exp(alpha * lattice.scores[edge]! + sums[lattice.begins[edge]!]! - sums[end]!);
      if (probability > 0) chosen = edge; // rounding may leave a rest behind the last edge; then the last possible one is taken
      remaining -= probability;
      if (remaining < 0) break;
    }
    segments.add(lattice.ids[chosen]!, end);
    end = lattice.begins[chosen]!;
  }
  segments.reverse();
}
