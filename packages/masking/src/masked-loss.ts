import { formatShape, ShapeError } from "@multiway/errors";
import type { Tensor } from "@multiway/tensor";

/** The tokens at the hidden places. @param tokens [batch, length, embedDim] @param positions i32 [count], rows of [batch · length] @returns [count, embedDim] */
export function gatherMasked(tokens: Tensor, positions: Tensor): Tensor {
  const [batch, length, width] = tokens.shape as [number, number, number];
  return tokens.reshape([batch * length, width]).gather(positions);
}

/**
 * Cross-entropy over hidden places of several kinds (patches, words, with and without the other modality beside them): one sum over one count, so that every
 * hidden place weighs the same, whatever its kind.
 *
 * @param parts logits [count, classes] and targets i32 [count], where −1 is no place
 * @returns loss, the mean in nats; and for each part its sum, number of places and number of places guessed right
 */
export function maskedLoss(parts: readonly { logits: Tensor; targets: Tensor; weight?: number }[]): { loss: Tensor; parts: { sum: Tensor; count: Tensor; correct: Tensor }[] } {
  if (parts.length === 0) throw new ShapeError("maskedLoss: no parts were given; expected at least one.");
  const results = parts.map(({ logits, targets, weight = 1 }) => {
    if (logits.rank !== 2 || targets.rank !== 1) throw new ShapeError(`maskedLoss: logits of ${formatShape(logits.shape)} and targets of ${formatShape(targets.shape)}; expected [count, classes] and [count].`);
    const isPlace = targets.greaterEqual(0);
    return {
      weight,
      sum: logits.crossEntropy(targets).sum(),
      count: isPlace.cast("f32").sum(),
      correct: logits.stopGradient().argMax({ axis: -1 }).equal(targets).and(isPlace).cast("f32").sum(),
    };
  });
  const total = (pick: (part: (typeof results)[number]) => Tensor) => results.map(pick).reduce((sum, value) => sum.add(value));
  const loss = total(({ sum, weight }) => sum.mul(weight)).div(total(({ count, weight }) => count.mul(weight)).maximum(1));
  return { loss, parts: results.map(({ sum, count, correct }) => ({ sum, count, correct })) };
}
