/** The losses that a metrics case holds, in plain float64. The heads' own are compared in the cases of the heads. */

/** For each row the logarithm of the softmax. */
function logSoftmax(logits: Float64Array, classes: number): Float64Array {
  const result = new Float64Array(logits.length);
  for (let row = 0; row < logits.length; row += classes) {
    const line = logits.subarray(row, row + classes);
    const largest = Math.max(...line);
    const logSum = largest + Math.log(line.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    line.forEach((logit, label) => (result[row + label] = logit - logSum));
  }
  return result;
}

/** Mean of both cross-entropies with the diagonal. @param logits [batch, batch] */
export function contrastiveLoss(logits: Float64Array, batch: number): number {
  const turned = logits.map((_, place) => logits[(place % batch) * batch + Math.floor(place / batch)]!);
  const ofRows = [logits, turned].map((matrix) => logSoftmax(matrix, batch));
  let sum = 0;
  for (let item = 0; item < batch; item++) for (const rows of ofRows) sum -= rows[item * batch + item]!;
  return sum / (2 * batch);
}

export interface CaptionLossRule {
  labelSmoothing: number;
  /** Share of the words with the largest losses that is left out. */
  dropWorst: number;
}

/** Mean divergence of the softmax from targets of which 1 − ε lies on the label and the rest evenly on the others. @param logits [words, classes] */
export function captionLoss(logits: Float64Array, labels: ArrayLike<number>, { labelSmoothing, dropWorst }: CaptionLossRule): number {
  const classes = logits.length / labels.length;
  const logProbabilities = logSoftmax(logits, classes);
  const xLogX = (x: number) => (x === 0 ? 0 : x * Math.log(x));
  const off = labelSmoothing / (classes - 1);
  const losses = Array.from(labels, (label, word) => {
    let loss = xLogX(1 - labelSmoothing) + (classes - 1) * xLogX(off);
    for (let other = 0; other < classes; other++) loss -= (other === label ? 1 - labelSmoothing : off) * logProbabilities[word * classes + other]!;
    return loss;
  }).sort((a, b) => a - b);
  const kept = losses.slice(0, Math.floor(losses.length * (1 - dropWorst)));
  return kept.reduce((sum, loss) => sum + loss, 0) / kept.length;
}
