import { DataError } from "@multiway/errors";
import { checkPaired, checkReferences, mean } from "../check.ts";
import { bleuOfCounts, countBleu, type BleuCounts } from "./bleu.ts";
import { ciderOfItems, type CiderItem, type CiderOptions } from "./cider.ts";
import { meteorCounter, meteorOfCounts, type MeteorCounts } from "./meteor/meteor.ts";
import { countNgrams } from "./ngrams.ts";
import { rougeLOf } from "./rouge-l.ts";
import { tokenizeCaption } from "./tokenize/tokenize-caption.ts";
import type { Caption } from "./words.ts";

/** The scores of one caption. */
export interface CaptionItemScores {
  /** BLEU-1 to BLEU-4. */
  bleu: number[];
  meteorExactStem: number;
  rougeL: number;
  /** What coco-caption calls CIDEr. */
  ciderD: number;
}

/** The scores of all captions together, and of each. */
export interface CaptionScores extends CaptionItemScores {
  perItem: CaptionItemScores[];
}

/**
 * Scores captions that come one by one, as coco-caption scores a whole file: it keeps counts and no texts.
 *
 *     const evaluator = new CaptionEvaluator();
 *     for await (const { caption, references } of captions) evaluator.add(caption, references);
 *     evaluator.result().ciderD
 */
export class CaptionEvaluator {
  readonly #options: CiderOptions;
  readonly #countMeteor = meteorCounter();
  readonly #items: { bleu: BleuCounts; meteor: MeteorCounts; rougeL: number; cider: CiderItem }[] = [];

  constructor(options: CiderOptions = {}) {
    this.#options = options;
  }

  get count(): number {
    return this.#items.length;
  }

  /**
   * @param hypothesis  text as people write it, which is split by `tokenizeCaption`; or a list of words, taken as it is
   * @param references  the same, of people
   * @throws DataError without references
   */
  add(hypothesis: Caption, references: readonly Caption[]): void {
    checkReferences("CaptionEvaluator.add", references, this.count);
    const words = { hypothesis: tokenized(hypothesis), references: references.map(tokenized) };
    this.#items.push({
      bleu: countBleu(words),
      meteor: this.#countMeteor(words),
      rougeL: rougeLOf(words),
      cider: { hypothesis: countNgrams(words.hypothesis), references: words.references.map(countNgrams) },
    });
  }

  /** Of all that was added so far. @throws DataError when that is nothing */
  result(): CaptionScores {
    if (this.count === 0) throw new DataError("CaptionEvaluator.result: no captions were added; expected at least one. A mean over nothing is not a score.");
    const bleu = bleuOfCounts(this.#items.map((item) => item.bleu));
    const meteor = meteorOfCounts(this.#items.map((item) => item.meteor));
    const cider = ciderOfItems(this.#items.map((item) => item.cider), true, this.#options);
    return {
      bleu: bleu.scores,
      meteorExactStem: meteor.score,
      rougeL: mean(this.#items.map(({ rougeL }) => rougeL)),
      ciderD: cider.score,
      perItem: this.#items.map(({ rougeL }, item) => ({ bleu: bleu.perItem[item]!, meteorExactStem: meteor.perItem[item]!, rougeL, ciderD: cider.perItem[item]! })),
    };
  }
}

/**
 * BLEU, METEOR of exact and stem matches, ROUGE-L and CIDEr-D of captions as people write them: what coco-caption prints.
 *
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 */
export function evaluateCaptions(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[], options: CiderOptions = {}): CaptionScores {
  checkPaired("evaluateCaptions", { hypotheses, references });
  const evaluator = new CaptionEvaluator(options);
  hypotheses.forEach((hypothesis, item) => {
    checkReferences("evaluateCaptions", references[item]!, item);
    evaluator.add(hypothesis, references[item]!);
  });
  return evaluator.result();
}

const tokenized = (caption: Caption): readonly string[] => (typeof caption === "string" ? tokenizeCaption(caption) : caption);
