import { captionItems, type Caption, type CaptionItem, type CaptionScore } from "../words.ts";
import { alignWords, countChunks, type Match } from "./align.ts";
import { rememberedStems } from "./english-stem.ts";
import { functionWords } from "./function-words.ts";

// Tuned for English by its authors: ranking task of version 1.5.
const alpha = 0.85;
const beta = 0.2;
const gamma = 0.6;
const delta = 0.75;
const stemWeight = 0.6;

/** What METEOR counts of a caption and its best reference, or, summed, of many. */
export interface MeteorCounts {
  hypothesisWords: number;
  referenceWords: number;
  /** Words weighed: content δ, function words 1 − δ; of the matches, stems 0.6 of that. */
  hypothesisWeight: number;
  referenceWeight: number;
  matchedHypothesisWeight: number;
  matchedReferenceWeight: number;
  matches: number;
  chunks: number;
}

/**
 * METEOR 1.5 without synonyms and paraphrases: words match exactly or by their English stem.
 *
 *     F = P R / (α P + (1 − α) R),   score = F (1 − γ (chunks / matches)^β)
 *
 * It is lower than METEOR, which also matches synonyms from WordNet and a table of paraphrases, and so it is not to be compared with published METEOR scores; the formula, its parameters and the
 * alignment are the same. The list of function words is our own, too: where a caption uses none of the words on which the two differ and nothing but exact and stem matches, the scores agree.
 *
 * @returns score: of the counts summed over all items, as coco-caption does; perItem: that of the best reference
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 *
 * Source: Denkowski and Lavie 2014, "Meteor Universal"; 2011, "Meteor 1.3", for function words.
 */
export function meteorExactStem(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[]): CaptionScore {
  return meteorOfCounts(captionItems("meteorExactStem", hypotheses, references).map(meteorCounter()));
}

export function meteorOfCounts(items: readonly MeteorCounts[]): CaptionScore {
  const sum = { ...items[0]! };
  for (const item of items.slice(1)) for (const name of Object.keys(sum) as (keyof MeteorCounts)[]) sum[name] += item[name];
  return { score: scoreOf(sum), perItem: items.map(scoreOf) };
}

/** Counts captions, each with the reference that scores highest; of equals the first. */
export function meteorCounter(): (item: CaptionItem) => MeteorCounts {
  const stemOf = rememberedStems();
  return (item) => countBest(item, stemOf);
}

function countBest({ hypothesis, references }: CaptionItem, stemOf: (word: string) => string): MeteorCounts {
  const lowerCase = (words: readonly string[]) => words.map((word) => word.toLowerCase());
  const counts = references.map((reference) => countPair(lowerCase(hypothesis), lowerCase(reference), stemOf));
  return counts.reduce((best, one) => (scoreOf(one) > scoreOf(best) ? one : best));
}

function countPair(hypothesis: readonly string[], reference: readonly string[], stemOf: (word: string) => string): MeteorCounts {
  const matches = alignWords(hypothesis, reference, stemOf);
  const weightOf = (word: string) => (functionWords.has(word) ? 1 - delta : delta);
  const total = (words: readonly string[]) => words.reduce((sum, word) => sum + weightOf(word), 0);
  const matched = (wordOf: (match: Match) => string) => matches.reduce((sum, match) => sum + weightOf(wordOf(match)) * (match.stage === "stem" ? stemWeight : 1), 0);
  return {
    hypothesisWords: hypothesis.length,
    referenceWords: reference.length,
    hypothesisWeight: total(hypothesis),
    referenceWeight: total(reference),
    matchedHypothesisWeight: matched((match) => hypothesis[match.hypothesis]!),
    matchedReferenceWeight: matched((match) => reference[match.reference]!),
    matches: matches.length,
    chunks: countChunks(matches),
  };
}

function scoreOf(counts: MeteorCounts): number {
  const { matches, chunks } = counts;
  if (matches === 0) return 0;
  const precision = counts.matchedHypothesisWeight / counts.hypothesisWeight;
  const recall = counts.matchedReferenceWeight / counts.referenceWeight;
  const isWhole = matches === counts.hypothesisWords && matches === counts.referenceWords && chunks === 1;
  const fragmentation = isWhole ? 0 : chunks / matches;
  return (1 / ((1 - alpha) / precision + alpha / recall)) * (1 - gamma * fragmentation ** beta);
}
