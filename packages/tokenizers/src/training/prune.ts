import type { WordList } from "./count-words.ts";
import type { PieceList } from "./seed-pieces.ts";
import type { WordLattices } from "./word-lattices.ts";

/**
 * Chooses which pieces stay: those that the text would miss most.
 *
 * The loss of a piece is how much less likely the words that use it become when each use is replaced by the best other
 * segmentation of the piece. Pieces that no best path uses go first; characters always stay.
 *
 * @param size how many stay, at least as many as there are characters
 * @returns 1 for each piece that stays; [pieces]
 *
 * Source: Kudo 2018, section 3.2; the estimate is that of google/sentencepiece.
 */
export function choosePieces(words: WordList, lattices: WordLattices, pieces: PieceList, scores: Float64Array, size: number): Uint8Array {
  const { uses, wordsWith, total } = countBestPaths(words, lattices, scores);
  const isKept = new Uint8Array(pieces.count);
  let kept = 0;
  for (let piece = 0; piece < pieces.count; piece++) {
    if (pieces.lengths[piece] === 1) {
      isKept[piece] = 1;
      kept++;
    }
  }
  const sum = uses.reduce((whole, count) => whole + count, 0);
  const losses = new Float64Array(pieces.count);
  const candidates: number[] = [];
  const alternative = new Alternative(lattices, pieces, scores);
  for (let piece = 0; piece < pieces.count; piece++) {
    if (isKept[piece] || uses[piece] === 0) continue;
    alternative.find(piece);
    const parts = alternative.parts;
    const logSumWithout = Math.log(sum + uses[piece]! * (parts.length - 1));
    let without = 0;
    for (const part of parts) without += Math.log(uses[part]! + uses[piece]!) - logSumWithout;
    losses[piece] = (wordsWith[piece]! / total) * (Math.log(uses[piece]!) - Math.log(sum) - without);
    candidates.push(piece);
  }
  candidates.sort((a, b) => losses[b]! - losses[a]! || a - b);
  for (const piece of candidates) {
    if (kept >= size) break;
    isKept[piece] = 1;
    kept++;
  }
  return isKept;
}

/** How often the best paths of all words use each piece, and how many words use it. */
function countBestPaths(words: WordList, { firstEdge, lengths, pieces }: WordLattices, scores: Float64Array): { uses: Float64Array; wordsWith: Float64Array; total: number } {
  const { starts, counts } = words;
  const uses = new Float64Array(scores.length);
  const wordsWith = new Float64Array(scores.length);
  const lastWord = new Int32Array(scores.length).fill(-1);
  let total = 0;
  let best = new Float64Array(64);
  let bestEdge = new Int32Array(64);
  for (let word = 0; word < counts.length; word++) {
    const start = starts[word]!;
    const length = starts[word + 1]! - start;
    const count = counts[word]!;
    total += count;
    if (length >= best.length) {
      best = new Float64Array(length * 2);
      bestEdge = new Int32Array(length * 2);
    }
    best[0] = 0;
    for (let end = 1; end <= length; end++) {
      best[end] = Number.NEGATIVE_INFINITY;
      for (let edge = firstEdge[start + end - 1]!; edge < firstEdge[start + end]!; edge++) {
        const score = best[end - lengths[edge]!]! + scores[pieces[edge]!]!;
        if (score > best[end]!) {
          best[end] = score;
          bestEdge[end] = edge;
        }
      }
    }
    for (let end = length; end > 0; end -= lengths[bestEdge[end]!]!) {
      const piece = pieces[bestEdge[end]!]!;
      uses[piece] = uses[piece]! + count;
      if (lastWord[piece] !== word) wordsWith[piece] = wordsWith[piece]! + count;
      lastWord[piece] = word;
    }
  }
  return { uses, wordsWith, total };
}

/** The best segmentation of a piece into other pieces; characters always give one. */
class Alternative {
  /** The pieces of the last result. */
  parts: number[] = [];
  readonly #lattices: WordLattices;
  readonly #pieces: PieceList;
  readonly #scores: Float64Array;
  readonly #best = new Float64Array(256);
  readonly #edge = new Int32Array(256);

  constructor(lattices: WordLattices, pieces: PieceList, scores: Float64Array) {
    this.#lattices = lattices;
    this.#pieces = pieces;
    this.#scores = scores;
  }

  find(piece: number): void {
    const { firstEdge, lengths, pieces } = this.#lattices;
    const begin = this.#pieces.begins[piece]!;
    const length = this.#pieces.lengths[piece]!;
    const best = this.#best;
    best[0] = 0;
    for (let end = 1; end <= length; end++) {
      best[end] = Number.NEGATIVE_INFINITY;
      for (let edge = firstEdge[begin + end - 1]!; edge < firstEdge[begin + end]!; edge++) {
        if (lengths[edge]! > end || lengths[edge] === length) continue;
        const score = best[end - lengths[edge]!]! + this.#scores[pieces[edge]!]!;
        if (score > best[end]!) {
          best[end] = score;
          this.#edge[end] = edge;
        }
      }
    }
    this.parts = [];
    for (let end = length; end > 0; end -= lengths[this.#edge[end]!]!) this.parts.push(pieces[this.#edge[end]!]!);
  }
}
