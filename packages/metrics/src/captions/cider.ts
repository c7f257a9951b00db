import { mean } from "../check.ts";
import { DocumentFrequency } from "./document-frequency.ts";
import { countNgrams, maxOrder, type NgramCounts } from "./ngrams.ts";
import { captionItems, type Caption, type CaptionScore } from "./words.ts";

export interface CiderOptions {
  /** In how many pictures' references a run of words occurs. Default: counted over the references given, which then should be of many pictures. */
  documents?: DocumentFrequency;
}

/** A caption and its references, counted. */
export interface CiderItem {
  hypothesis: NgramCounts;
  references: readonly NgramCounts[];
}

/**
 * CIDEr-D, which coco-caption and the papers on captioning call CIDEr: how close a caption is to what most people wrote. Runs of one to four words weigh by how often they occur and how few
 * pictures have them; a run counts at most as often as the reference has it, and a difference in length costs exp(−Δ²/2σ²), σ = 6. From 0 to 10.
 *
 * @returns score: the mean over items
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 *
 * Source: Vedantam et al. 2015, sections 4 and 6.3; tylin/coco-caption.
 */
export function ciderD(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[], options: CiderOptions = {}): CaptionScore {
  return ciderOfItems(ciderItems("ciderD", hypotheses, references), true, options);
}

/**
 * CIDEr as first proposed: the mean cosine of weighted runs of one to four words, times 10, without clipping and without a penalty for length. What others report as CIDEr is {@link ciderD}.
 * Words are not reduced to stems, as in the authors' code.
 *
 * @returns score: the mean over items
 * @throws ShapeError, DataError for unequal numbers, no items, or an item without references
 *
 * Source: Vedantam et al. 2015, equations 1 to 3; vrama91/cider.
 */
export function cider(hypotheses: readonly Caption[], references: readonly (readonly Caption[])[], options: CiderOptions = {}): CaptionScore {
  return ciderOfItems(ciderItems("cider", hypotheses, references), false, options);
}

function ciderItems(caller: string, hypotheses: readonly Caption[], references: readonly (readonly Caption[])[]): CiderItem[] {
  return captionItems(caller, hypotheses, references).map((item) => ({ hypothesis: countNgrams(item.hypothesis), references: item.references.map(countNgrams) }));
}

export function ciderOfItems(items: readonly CiderItem[], isD: boolean, { documents }: CiderOptions = {}): CaptionScore {
  const frequency = documents ?? new DocumentFrequency();
  if (!documents) for (const { references } of items) frequency.addCounts(references);
  const similarity = isD ? clippedSimilarity : cosineSimilarity;
  const perItem = items.map(({ hypothesis, references }) => {
    const weighted = weigh(hypothesis, frequency);
    return (10 / maxOrder) * mean(references.map((reference) => similarity(weighted, weigh(reference, frequency))));
  });
  return { score: mean(perItem), perItem };
}

interface Weighted {
  vectors: Map<string, number>[];
  norms: number[];
  /** Pairs of neighbouring words: the length that coco-caption compares. */
  length: number;
}

function weigh(counts: NgramCounts, frequency: DocumentFrequency): Weighted {
  const vectors = counts.map((ngrams) => new Map([...ngrams].map(([ngram, count]) => [ngram, count * frequency.weightOf(ngram)] as const)));
  const norms = vectors.map((vector) => Math.sqrt([...vector.values()].reduce((sum, value) => sum + value ** 2, 0)));
  return { vectors, norms, length: [...counts[1]!.values()].reduce((sum, count) => sum + count, 0) };
}

/** Sum over the lengths of runs. */
function clippedSimilarity(a: Weighted, b: Weighted): number {
  const sigma = 6;
  return sumOfProducts(a, b, (x, y) => Math.min(x, y) * y) * Math.exp(-((a.length - b.length) ** 2) / (2 * sigma ** 2));
}

const cosineSimilarity = (a: Weighted, b: Weighted): number => sumOfProducts(a, b, (x, y) => x * y);

function sumOfProducts(a: Weighted, b: Weighted, product: (x: number, y: number) => number): number {
  let sum = 0;
  a.vectors.forEach((vector, order) => {
    let products = 0;
    for (const [ngram, x] of vector) products += product(x, b.vectors[order]!.get(ngram) ?? 0);
    const norm = a.norms[order]! * b.norms[order]!;
    sum += norm === 0 ? 0 : products / norm;
  });
  return sum;
}
