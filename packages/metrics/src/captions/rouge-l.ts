import { mean } from "../check.ts";
import { captionItems, type Caption, type CaptionItem, type CaptionScore } from "./words.ts";

/** Weight of recall, as in coco-caption. */
const beta = 1.2;

/**
 * ROUGE-L: how much of the words comes in the same order, by the longest common subsequence.
 *
 *     (1 + β²) P R / (R + β² P),   β = 1.2
 *
 * P and R are the largest over the references, each by itself, as in coco-caption.
 *
 * @returns score: the mean over items
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 *
 * Source: Lin 2004, "ROUGE"; tylin/coco-caption.
 */
export function rougeL(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[]): CaptionScore {
  const perItem = captionItems("rougeL", hypotheses, references).map(rougeLOf);
  return { score: mean(perItem), perItem };
}

export function rougeLOf({ hypothesis, references }: CaptionItem): number {
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    // No words at all are the same as no words at all.
    if (hypothesis.length === 0 && reference.length === 0) return 1;
    const common = commonLength(hypothesis, reference);
    if (common === 0) continue;
    precision = Math.max(precision, common / hypothesis.length);
    recall = Math.max(recall, common / reference.length);
  }
  return precision === 0 ? 0 : ((1 + beta ** 2) * precision * recall) / (recall + beta ** 2 * precision);
}

/** Length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  let above = new Uint32Array(b.length + 1);
  for (const word of a) {
    const row = new Uint32Array(b.length + 1);
    for (let column = 1; column <= b.length; column++) {
      row[column] = word === b[column - 1] ? above[column - 1]! + 1 : Math.max(above[column]!, row[column - 1]!);
    }
    above = row;
  }
  return above[b.length]!;
}
