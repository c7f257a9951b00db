import { DataError, OptionError } from "@multiway/errors";
import { checkMatrix, checkPaired } from "../check.ts";

/** Recall at 1, 5 and 10, as shares. */
export interface Recall {
  recallAt1: number;
  recallAt5: number;
  recallAt10: number;
}

/** Recall from pictures to texts (TR@k) and from texts to pictures (IR@k). */
export interface RetrievalRecall {
  imageToText: Recall;
  textToImage: Recall;
  /** Mean of the six: what the best checkpoint is chosen by. */
  mean: number;
}

/**
 * How often one of a query's right answers is among the k most similar candidates.
 *
 * @param similarity  row-major [queries, candidates]; of equal ones the lower candidate counts as more similar
 * @param isRight     whether a candidate answers a query; a query that none answers counts as missed
 * @throws ShapeError when the sizes don't fit; NumericError for NaN; DataError without queries
 */
export function recallAt(similarity: ArrayLike<number>, queries: number, candidates: number, isRight: (query: number, candidate: number) => boolean): Recall {
  return recallOfRanks(ranksOfBest("recallAt", similarity, queries, candidates, isRight));
}

/**
 * Recall both ways, with one picture or more texts to each.
 *
 * @param similarity   row-major [images, texts]
 * @param imageOfText  for each text the number of its picture, from 0
 * @throws ShapeError when the sizes don't fit; NumericError for NaN; OptionError for a picture that is not there; DataError for nothing
 *
 * Source: microsoft/unilm: beit3/engine_for_finetuning.py (RetrievalHandler).
 */
export function retrievalRecall(similarity: ArrayLike<number>, imageOfText: ArrayLike<number>): RetrievalRecall {
  const caller = "retrievalRecall";
  const texts = checkPaired(caller, { texts: imageOfText });
  const images = similarity.length / texts;
  if (!Number.isInteger(images) || images === 0) checkMatrix(caller, "similarity", similarity, Math.max(1, Math.ceil(images)), texts);
  for (let text = 0; text < texts; text++) {
    const image = imageOfText[text]!;
    if (!Number.isInteger(image) || image < 0 || image >= images) throw new OptionError(`${caller}: text ${text} belongs to picture ${image}; expected a whole number from 0 to ${images - 1}, a row of similarity.`, { details: { text, image } });
  }
  const turned = new Float64Array(similarity.length);
  for (let image = 0; image < images; image++) for (let text = 0; text < texts; text++) turned[text * images + image] = similarity[image * texts + text]!;
  const imageToText = recallOfRanks(ranksOfBest(caller, similarity, images, texts, (image, text) => imageOfText[text] === image));
  const textToImage = recallOfRanks(ranksOfBest(caller, turned, texts, images, (text, image) => imageOfText[text] === image));
  const mean = [imageToText, textToImage].reduce((sum, { recallAt1, recallAt5, recallAt10 }) => sum + recallAt1 + recallAt5 + recallAt10, 0) / 6;
  return { imageToText, textToImage, mean };
}

/**
 * The rank of each query's best right answer: 1 when nothing is more similar, Infinity when no candidate answers it.
 *
 * @param similarity  as of {@link recallAt}
 */
export function bestRanks(similarity: ArrayLike<number>, queries: number, candidates: number, isRight: (query: number, candidate: number) => boolean): number[] {
  return ranksOfBest("bestRanks", similarity, queries, candidates, isRight);
}

function ranksOfBest(caller: string, similarity: ArrayLike<number>, queries: number, candidates: number, isRight: (query: number, candidate: number) => boolean): number[] {
  if (queries === 0) throw new DataError(`${caller}: there are no queries; expected at least one. A share of nothing is not a score.`);
  checkMatrix(caller, "similarity", similarity, queries, candidates);
  return Array.from({ length: queries }, (_, query) => {
    const row = query * candidates;
    let best = -Infinity;
    let bestPosition = -1;
    for (let candidate = 0; candidate < candidates; candidate++) {
      if (isRight(query, candidate) && similarity[row + candidate]! > best) {
        best = similarity[row + candidate]!;
        bestPosition = candidate;
      }
    }
    if (bestPosition < 0) return Infinity;
    let rank = 1;
    for (let candidate = 0; candidate < candidates; candidate++) {
      const value = similarity[row + candidate]!;
      if (value > best || (value === best && candidate < bestPosition)) rank++;
    }
    return rank;
  });
}

function recallOfRanks(ranks: readonly number[]): Recall {
  const within = (k: number) => ranks.filter((rank) => rank <= k).length / ranks.length;
  return { recallAt1: within(1), recallAt5: within(5), recallAt10: within(10) };
}
