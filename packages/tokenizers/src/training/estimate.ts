import type { WordList } from "./count-words.ts";
import { digamma } from "./digamma.ts";
import type { WordLattices } from "./word-lattices.ts";

/** Result of the E step. */
export interface Expectation {
  /** Expected number of uses of each piece. [pieces] */
  uses: Float64Array;
  /** Mean over words of log p(word). */
  logLikelihood: number;
}

/**
 * E step: how often each piece is used, over all segmentations of all words, each weighted by its probability.
 *
 * Forward, the sum of all ways to each place; backward, that sum is handed down to the edges in the shares they had in it.
 *
 * @param scores log probability of each piece
 */
export function expectUses(words: WordList, lattices: WordLattices, scores: Float64Array): Expectation {
  const { starts, counts } = words;
  const { firstEdge, lengths, pieces } = lattices;
  const uses = new Float64Array(scores.length);
  let longest = 0;
  let widest = 0;
  for (let word = 0; word < counts.length; word++) {
    longest = Math.max(longest, starts[word + 1]! - starts[word]!);
    widest = Math.max(widest, firstEdge[starts[word + 1]!]! - firstEdge[starts[word]!]!);
  }
  const sums = new Float64Array(longest + 1); // log of the sum of all ways to each place
  const flow = new Float64Array(longest + 1); // how often each place is passed
  const shares = new Float64Array(widest);
  let total = 0;
  let logLikelihood = 0;

  for (let word = 0; word < counts.length; word++) {
    const start = starts[word]!;
    const length = starts[word + 1]! - start;
    const edgeBase = firstEdge[start]!;
    sums[0] = 0;
    for (let end = 1; end <= length; end++) {
      const first = firstEdge[start + end - 1]!;
      const last = firstEdge[start + end]!;
      let highest = Number.NEGATIVE_INFINITY;
      for (let edge = first; edge < last; edge++) {
        const score = sums[end - lengths[edge]!]! + scores[pieces[edge]!]!;
        shares[edge - edgeBase] = score;
        if (score > highest) highest = score;
      }
      let sum = 0;
      for (let edge = first; edge < last; edge++) {
        const part = Math.exp(shares[edge - edgeBase]! - highest);
        shares[edge - edgeBase] = part;
        sum += part;
      }
      sums[end] = highest + Math.log(sum);
      for (let edge = first; edge < last; edge++) shares[edge - edgeBase]! /= sum;
    }
    flow.fill(0, 0, length);
    flow[length] = counts[word]!;
    for (let end = length; end > 0; end--) {
      for (let edge = firstEdge[start + end - 1]!; edge < firstEdge[start + end]!; edge++) {
        const part = flow[end]! * shares[edge - edgeBase]!;
        const begin = end - lengths[edge]!;
        flow[begin] = flow[begin]! + part;
        uses[pieces[edge]!] = uses[pieces[edge]!]! + part;
      }
    }
    total += counts[word]!;
    logLikelihood += counts[word]! * sums[length]!;
  }
  return { uses, logLikelihood: logLikelihood / total };
}

/** A piece that is expected less often than this is dropped. */
export const minimalUses = 0.5;
/** A character without enough uses stays, but costs this much more than any other piece. */
const rareCharacterPenalty = 10;

/**
 * M step: score = ψ(uses) − ψ(Σ uses), which favours few, frequent pieces over what plain relative frequency gives.
 *
 * @param isCharacter pieces that are kept whatever their use
 * @returns log probability of each piece
 *
 * Source: Liang and Klein 2007, "Structured Bayesian nonparametric models with variational inference" (mean field for a
 * sparse Dirichlet prior).
 */
export function scoreUses(uses: Float64Array, isCharacter: (piece: number) => boolean): Float64Array {
  let sum = 0;
  for (const count of uses) if (count >= minimalUses) sum += count;
  const whole = digamma(sum);
  const scores = new Float64Array(uses.length).fill(Number.NEGATIVE_INFINITY);
  let lowest = 0;
  for (let piece = 0; piece < uses.length; piece++) {
    if (uses[piece]! < minimalUses) continue;
    scores[piece] = digamma(uses[piece]!) - whole;
    lowest = Math.min(lowest, scores[piece]!);
  }
  for (let piece = 0; piece < uses.length; piece++) {
    if (scores[piece] === Number.NEGATIVE_INFINITY && isCharacter(piece)) scores[piece] = lowest - rareCharacterPenalty;
  }
  return scores;
}
