/** Recall at 1, 5 and 10, as shares. */
export interface Recall {
  recallAt1: number;
  recallAt5: number;
  recallAt10: number;
}

/**
 * How often one of a query's right answers is among the k most similar candidates.
 *
 * @param similarity  row-major [queries, candidates]; of equal ones the lower candidate counts as more similar
 * @param isRight     whether a candidate answers a query
 */
export function recallAt(similarity: ArrayLike<number>, queries: number, candidates: number, isRight: (query: number, candidate: number) => boolean): Recall {
  let [at1, at5, at10] = [0, 0, 0];
  for (let query = 0; query < queries; query++) {
    const row = query * candidates;
    let best = -Infinity;
    let bestPosition = -1;
    for (let candidate = 0; candidate < candidates; candidate++) {
      if (isRight(query, candidate) && similarity[row + candidate]! > best) {
        best = similarity[row + candidate]!;
        bestPosition = candidate;
      }
    }
    if (bestPosition < 0) continue;
    let rank = 0;
    for (let candidate = 0; candidate < candidates; candidate++) {
      const value = similarity[row + candidate]!;
      if (value > best || (value === best && candidate < bestPosition)) rank++;
    }
    if (rank < 1) at1++;
    if (rank < 5) at5++;
    if (rank < 10) at10++;
  }
  return { recallAt1: at1 / queries, recallAt5: at5 / queries, recallAt10: at10 / queries };
}
