import { arange, type Tensor } from "@multiway/tensor";

export interface SmoothedLossOptions {
  labelSmoothing?: number;
  dropWorst?: number;
}

/**
 * The divergence KL(q ‖ p) of guesses p from smoothed targets q, 1 − ε at the word and ε / (words − 1) at each other, averaged over the places; without the share of them
 * that does worst.
 *
 * Source: microsoft/unilm: beit3/utils.py (BertCaptioningLoss).
 *
 * @param logits  [count, words]
 * @param targets i32 [count]; −1 for places that are none
 */
export function captioningLoss(logits: Tensor, targets: Tensor, { labelSmoothing = 0.1, dropWorst = 0 }: SmoothedLossOptions = {}): { loss: Tensor; accuracy: Tensor } {
  const [count, words] = logits.shape as [number, number];
  const isPlace = targets.greaterEqual(0);
  const places = isPlace.cast("f32").sum();
  // Cross-entropy smooths over all words, the target among them.
  const smoothing = (labelSmoothing * words) / (words - 1);
  const others = labelSmoothing / (words - 1);
  const entropy = labelSmoothing > 0 ? -((1 - labelSmoothing) * Math.log(1 - labelSmoothing) + labelSmoothing * Math.log(others)) : 0;
  const losses = logits.crossEntropy(targets, { labelSmoothing: smoothing }).sub(isPlace.cast("f32").mul(entropy));
  const correct = logits.stopGradient().argMax({ axis: -1 }).equal(targets).and(isPlace).cast("f32").sum().div(places.maximum(1));
  if (dropWorst === 0) return { loss: losses.sum().div(places.maximum(1)), accuracy: correct };
  // Places that are none sort behind all others. A whole number of places times the share may fall short of a whole number by rounding.
  const order = isPlace.where(losses, Infinity).stopGradient().sort().indices;
  const kept = places.mul(1 - dropWorst).add(1e-3).floor();
  const isKept = arange(count).cast("f32").less(kept);
  return { loss: isKept.where(losses.gather(order), 0).sum().div(kept.maximum(1)), accuracy: correct };
}
