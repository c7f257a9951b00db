import { OptionError } from "@multiway/errors";
import { checkMatrix, checkPaired } from "../check.ts";

/** How many targets were met, so that batches add up. */
export interface TopKAccuracy {
  correct: number;
  count: number;
  /** correct / count */
  accuracy: number;
}

/**
 * How often the target is among the k classes of the highest scores; of equal scores the lower class counts as the higher.
 *
 * @param scores   row-major [items, classes]: logits or probabilities
 * @param targets  [items], class numbers
 * @param k        default 1; with k ≥ classes every target is met
 * @throws ShapeError when the sizes don't fit; NumericError for NaN; OptionError for a target that is no class; DataError for no items
 */
export function topKAccuracy(scores: ArrayLike<number>, targets: ArrayLike<number>, { classes, k = 1 }: { classes: number; k?: number }): TopKAccuracy {
  const caller = "topKAccuracy";
  const count = checkPaired(caller, { targets });
  if (!Number.isInteger(k) || k < 1) throw new OptionError(`${caller}: k is ${k}; expected a whole number, 1 or more.`);
  checkMatrix(caller, "scores", scores, count, classes);
  let correct = 0;
  for (let item = 0; item < count; item++) {
    const target = targets[item]!;
    if (!Number.isInteger(target) || target < 0 || target >= classes) throw new OptionError(`${caller}: target ${item} is ${target}; expected a class from 0 to ${classes - 1}.`, { details: { item, target } });
    const row = item * classes;
    const own = scores[row + target]!;
    let above = 0;
    for (let label = 0; label < classes; label++) {
      const score = scores[row + label]!;
      if (score > own || (score === own && label < target)) above++;
    }
    if (above < k) correct++;
  }
  return { correct, count, accuracy: correct / count };
}

/**
 * Mean of the targets' scores at the highest logit: the answering score of a batch, where a target says how right each answer is.
 *
 * @param logits   row-major [items, answers]; of equal ones the lower answer is taken
 * @param targets  [items, answers], from 0 to 1
 * @throws ShapeError when the sizes don't fit; NumericError for NaN; DataError for no items
 *
 * Source: microsoft/unilm: beit3/utils.py (VQAScore).
 */
export function meanScoreOfBest(logits: ArrayLike<number>, targets: ArrayLike<number>, { answers }: { answers: number }): number {
  const caller = "meanScoreOfBest";
  const items = checkPaired(caller, { logits, targets }) / answers;
  checkMatrix(caller, "logits", logits, Math.ceil(items), answers);
  checkMatrix(caller, "targets", targets, items, answers);
  let sum = 0;
  for (let item = 0; item < items; item++) {
    let best = item * answers;
    for (let place = best + 1; place < (item + 1) * answers; place++) if (logits[place]! > logits[best]!) best = place;
    sum += targets[best]!;
  }
  return sum / items;
}
