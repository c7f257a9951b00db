/** One of several choices. */
export interface Choice {
  /** Its number. */
  index: number;
  /** What it is called, where that is known. */
  name: string | undefined;
  /** 0 to 1. */
  probability: number;
}

/** Numbers of the highest scores, best first; of equals the earlier. */
export function bestOf(scores: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: scores.length }, (_, index) => index);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
}

/** exp(x) / Σ exp(x), without overflow. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const most = Array.from(logits).reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));
