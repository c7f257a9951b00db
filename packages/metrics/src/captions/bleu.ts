import { captionItems, type Caption, type CaptionItem } from "./words.ts";
import { countNgrams, maxOrder } from "./ngrams.ts";

export interface BleuScore {
  /** BLEU-1 to BLEU-4 of all captions together. */
  scores: number[];
  /** BLEU-1 to BLEU-4 of each. */
  perItem: number[][];
}

/** What BLEU counts of one caption, or, summed, of many. */
export interface BleuCounts {
  length: number;
  /** That of the reference closest in length; of two as close, the shorter. */
  referenceLength: number;
  /** Runs of one to four words that some reference has, each as often as the reference that has it most often, and all runs. */
  matches: number[];
  totals: number[];
}

// Constants of coco-caption that keep 0 out of denominators and products; they show in the ninth digit.
const small = 1e-9;
const tiny = 1e-15;

/**
 * BLEU-1 to BLEU-4 as coco-caption computes them: over the corpus, with the closest reference length.
 *
 *     BLEU-n = min(1, exp(1 − r/c)) · (Π p₁ … pₙ)^(1/n)
 *
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 *
 * Source: Papineni et al. 2002; tylin/coco-caption.
 */
export function bleu(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[]): BleuScore {
  return bleuOfCounts(captionItems("bleu", hypotheses, references).map(countBleu));
}

export function bleuOfCounts(items: readonly BleuCounts[]): BleuScore {
  const sum = emptyCounts();
  for (const { length, referenceLength, matches, totals } of items) {
    sum.length += length;
    sum.referenceLength += referenceLength;
    for (let order = 0; order < maxOrder; order++) {
      sum.matches[order]! += matches[order]!;
      sum.totals[order]! += totals[order]!;
    }
  }
  return { scores: scoresOf(sum), perItem: items.map(scoresOf) };
}

export function countBleu({ hypothesis, references }: CaptionItem): BleuCounts {
  const counts = emptyCounts();
  counts.length = hypothesis.length;
  const distance = ({ length }: readonly string[]) => Math.abs(length - hypothesis.length);
  counts.referenceLength = references.reduce((best, one) => (distance(one) - distance(best) || one.length - best.length) < 0 ? one : best).length;
  const referenceCounts = references.map(countNgrams);
  countNgrams(hypothesis).forEach((ngrams, order) => {
    counts.totals[order] = Math.max(0, hypothesis.length - order);
    for (const [ngram, count] of ngrams) counts.matches[order]! += Math.min(count, Math.max(...referenceCounts.map((reference) => reference[order]!.get(ngram) ?? 0)));
  });
  return counts;
}

const emptyCounts = (): BleuCounts => ({ length: 0, referenceLength: 0, matches: Array<number>(maxOrder).fill(0), totals: Array<number>(maxOrder).fill(0) });

function scoresOf({ length, referenceLength, matches, totals }: BleuCounts): number[] {
  const ratio = (length + tiny) / (referenceLength + small);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  return matches.map((count, order) => {
    product *= (count + tiny) / (totals[order]! + small);
    return product ** (1 / (order + 1)) * brevity;
  });
}
