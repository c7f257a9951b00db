import { characterLength } from "../text/utf8.ts";
import { trieBits } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { PieceScores } from "./piece-scores.ts";

/**
 * All segmentations of one text: a graph whose edges are pieces and whose nodes are byte positions.
 *
 * Edges are sorted by where they begin, so one pass from left to right sees every edge after all that lead to it.
 */
export interface Lattice {
  /** Length of the text in bytes. */
  readonly size: number;
  readonly count: number;
  /** Per edge; [count] */
  readonly begins: Int32Array;
  readonly ends: Int32Array;
  readonly ids: Int32Array;
  readonly scores: Float64Array;
  /** The last edge that ends at a position, −1 for none; [size + 1] */
  readonly lastInto: Int32Array;
  /** The edge before it with the same end, −1 for none; [count] */
  readonly earlierInto: Int32Array;
}

/** @param bytes normalised text, valid from 0 to `size` */
export function buildLattice(bytes: Uint8Array, size: number, vocabulary: Vocabulary, scores: PieceScores): Lattice {
  const { units, values } = vocabulary.trie;
  const begins: number[] = [];
  const ends: number[] = [];
  const ids: number[] = [];
  const edgeScores: number[] = [];
  const add = (begin: number, end: number, id: number, score: number): void => {
    begins.push(begin);
    ends.push(end);
    ids.push(id);
    edgeScores.push(score);
  };
  for (let begin = 0; begin < size; ) {
    const next = Math.min(begin + characterLength(bytes[begin]!), size);
    let hasSingle = false;
    let node = 0;
    for (let offset = begin; offset < size; ) {
      const byte = bytes[offset++]!;
      node = (units[node]! >>> trieBits.baseShift) ^ byte;
      const unit = units[node]!;
      if ((unit & trieBits.label) !== byte + 1) break;
      const id = values[node]!;
      if (id < 0 || scores.lattice[id] === Number.NEGATIVE_INFINITY) continue;
      add(begin, offset, id, scores.lattice[id]!);
      if (offset === next) hasSingle = true;
    }
    if (!hasSingle) add(begin, next, vocabulary.unknownId, scores.unknown);
    begin = next;
  }
  const lastInto = new Int32Array(size + 1).fill(-1);
  const earlierInto = new Int32Array(begins.length);
  for (let edge = 0; edge < begins.length; edge++) {
    earlierInto[edge] = lastInto[ends[edge]!]!;
    lastInto[ends[edge]!] = edge;
  }
  return {
    size,
    count: begins.length,
    begins: Int32Array.from(begins),
    ends: Int32Array.from(ends),
    ids: Int32Array.from(ids),
    scores: Float64Array.from(edgeScores),
    lastInto,
    earlierInto,
  };
}

/**
 * Log of the summed weights of all ways to each position, where a segmentation weighs exp(alpha × its score).
 *
 * @returns [size + 1]; −Infinity where no way leads
 */
export function forwardSums(lattice: Lattice, alpha: number): Float64Array {
  const sums = new Float64Array(lattice.size + 1).fill(Number.NEGATIVE_INFINITY);
  sums[0] = 0;
  for (let edge = 0; edge < lattice.count; edge++) {
    const end = lattice.ends[edge]!;
    sums[end] = logAdd(sums[end]!, sums[lattice.begins[edge]!]! + alpha * lattice.scores[edge]!);
  }
  return sums;
}

/** log(exp a + exp b) without overflow. */
export function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b));
}

/**
 * Entropy in nats of the segmentations, each drawn with probability ∝ exp(alpha × score).
 *
 * H(end) = −Σ p (log p − H(begin)) over the edges that end there.
 */
export function latticeEntropy(lattice: Lattice, alpha: number): number {
  const sums = forwardSums(lattice, alpha);
  const entropy = new Float64Array(lattice.size + 1);
  // All edges into a position begin before it, so positions from left to right are in order.
  for (let end = 1; end <= lattice.size; end++) {
    for (let edge = lattice.lastInto[end]!; edge >= 0; edge = lattice.earlierInto[edge]!) {
      const begin = lattice.begins[edge]!;
      const logProbability = alpha * lattice.scores[edge]! + sums[begin]! - sums[end]!;
      if (logProbability > Number.NEGATIVE_INFINITY) entropy[end] = entropy[end]! - Math.exp(logProbability) * (logProbability - entropy[begin]!);
    }
  }
  return Math.max(0, entropy[lattice.size]!);
}
