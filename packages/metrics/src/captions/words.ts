import { checkPaired, checkReferences } from "../check.ts";

/** Words between blanks, as `tokenizeCaption` joins them, or a list of words. */
export type Caption = string | readonly string[];

/** A score of all captions together, and one of each. */
export interface CaptionScore {
  score: number;
  perItem: number[];
}

export const wordsOf = (caption: Caption): readonly string[] => (typeof caption === "string" ? caption.split(/\s+/u).filter((word) => word !== "") : caption);

/** A caption and what it is held against, as words. */
export interface CaptionItem {
  hypothesis: readonly string[];
  references: readonly (readonly string[])[];
}

/** @throws ShapeError for lists of different lengths; DataError for empty ones, and for an item without references */
export function captionItems(caller: string, hypotheses: readonly Caption[], references: readonly (readonly Caption[])[]): CaptionItem[] {
  checkPaired(caller, { hypotheses, references });
  return hypotheses.map((hypothesis, item) => {
    checkReferences(caller, references[item]!, item);
    return { hypothesis: wordsOf(hypothesis), references: references[item]!.map(wordsOf) };
  });
}
