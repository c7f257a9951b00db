import type { Segmenter, Segments } from "../segments.ts";
import { characterLength } from "../text/utf8.ts";
import { trieBits, type ByteTrie } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { PieceScores } from "./piece-scores.ts";

/**
 * The most probable segmentation under a unigram model.
 *
 * best(end) = max over pieces that end there of best(begin) + score(piece), from left to right (Viterbi).
 * Sums are kept in f32 and compared before rounding, so that near ties fall as in the reference library.
 *
 * Source: Kudo 2018, "Subword regularization", section 3.1.
 */
export class BestPath implements Segmenter {
  readonly #trie: ByteTrie;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  readonly #unknownId: number;
  #best = new Float32Array(257);
  /** Where the best segment that ends here begins; −1 when none has been found yet. */
  #begins = new Int32Array(257);
  #ids = new Int32Array(257);

  constructor(vocabulary: Vocabulary, scores: PieceScores) {
    this.#trie = vocabulary.trie;
    this.#scores = scores.best;
    this.#unknownScore = scores.unknown;
    this.#unknownId = vocabulary.unknownId;
  }

  segment(bytes: Uint8Array, size: number, segments: Segments): void {
    if (this.#best.length <= size) {
      const capacity = Math.max(size + 1, this.#best.length * 2);
      this.#best = new Float32Array(capacity);
      this.#begins = new Int32Array(capacity);
      this.#ids = new Int32Array(capacity);
    }
    const { units, values } = this.#trie;
    const scores = this.#scores;
    const best = this.#best;
    const begins = this.#begins;
    const ids = this.#ids;
    const rootBase = units[0]! >>> trieBits.baseShift;
    begins.fill(-1, 0, size + 1);
    best[0] = 0;

    for (let begin = 0; begin < size; ) {
      const lead = bytes[begin]!;
      const next = Math.min(begin + characterLength(lead), size);
      const scoreHere = best[begin]!;
      let hasSingle = false;
      let base = rootBase;
      for (let offset = begin; offset < size; ) {
        const byte = bytes[offset++]!;
        const node = base ^ byte;
        const unit = units[node]!;
        if ((unit & trieBits.label) !== byte + 1) break;
        base = unit >>> trieBits.baseShift;
        if ((unit & trieBits.hasValue) === 0) continue;
        const id = values[node]!;
        const score = scores[id]!;
        if (score === Number.NEGATIVE_INFINITY) continue;
        const candidate = score + scoreHere;
        if (begins[offset] === -1 || candidate > best[offset]!) {
          best[offset] = candidate;
          begins[offset] = begin;
          ids[offset] = id;
        }
        if (offset === next) hasSingle = true;
      }
      if (!hasSingle) {
        const candidate = Math.fround(this.#unknownScore + scoreHere);
        if (begins[next] === -1 || candidate > best[next]!) {
          best[next] = candidate;
          begins[next] = begin;
          ids[next] = this.#unknownId;
        }
      }
      begin = next;
    }

    const first = segments.count;
    for (let end = size; end > 0; end = begins[end]!) segments.add(ids[end]!, end);
    segments.reverse(first);
  }
}
