import type { Segmenter, Segments } from "../segments.ts";
import { characterLength } from "../text/utf8.ts";
import { trieBits, type ByteTrie } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { PieceScores } from "./piece-scores.ts";

/** Bytes of a word beyond which its memory is given back. */
const mostKept = 1 << 20;

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
  /** From the last cut on: the best score up to each byte, where the best segment that ends there begins (−1 when none has been found yet), and its id. */
  #best = new Float32Array(256);
  #begins = new Int32Array(256).fill(-1);
  #ids = new Int32Array(256);

  constructor(vocabulary: Vocabulary, scores: PieceScores) {
    this.#trie = vocabulary.trie;
    this.#scores = scores.best;
    this.#unknownScore = scores.unknown;
    this.#unknownId = vocabulary.unknownId;
  }

  segment(bytes: Uint8Array, size: number, segments: Segments): void {
    const { units, values } = this.#trie;
    const scores = this.#scores;
    let best = this.#best;
    let begins = this.#begins;
    let ids = this.#ids;
    const rootBase = units[0]! >>> trieBits.baseShift;
    // What lies before a place that no piece crosses is settled: only what comes after is kept, which is little but for words without end.
    let cut = 0;
    let reach = 0;
    best[0] = 0;

    for (let begin = 0; begin < size; ) {
      if (reach === begin && begin > cut) {
        this.#settle(segments, cut, begin);
        best[0] = best[begin - cut]!;
        cut = begin;
      }
      const lead = bytes[begin]!;
      const next = Math.min(begin + characterLength(lead), size);
      const scoreHere = best[begin - cut]!;
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
        const end = offset - cut;
        if (end >= best.length) {
          this.#grow(end);
          [best, begins, ids] = [this.#best, this.#begins, this.#ids];
        }
        if (begins[end] === -1 || candidate > best[end]!) {
          best[end] = candidate;
          begins[end] = begin - cut;
          ids[end] = id;
        }
        if (offset > reach) reach = offset;
        if (offset === next) hasSingle = true;
      }
      if (!hasSingle) {
        const candidate = Math.fround(this.#unknownScore + scoreHere);
        const end = next - cut;
        if (end >= best.length) {
          this.#grow(end);
          [best, begins, ids] = [this.#best, this.#begins, this.#ids];
        }
        if (begins[end] === -1 || candidate > best[end]!) {
          best[end] = candidate;
          begins[end] = begin - cut;
          ids[end] = this.#unknownId;
        }
        if (next > reach) reach = next;
      }
      begin = next;
    }
    this.#settle(segments, cut, size);
    if (this.#best.length > mostKept) {
      this.#best = new Float32Array(256);
      this.#begins = new Int32Array(256).fill(-1);
      this.#ids = new Int32Array(256);
    }
  }

  /** Adds the best segments from a cut to a place that nothing crosses, and forgets what led there. */
  #settle(segments: Segments, cut: number, end: number): void {
    const begins = this.#begins;
    const ids = this.#ids;
    let count = 0;
    for (let at = end - cut; at > 0; at = begins[at]!) count++;
    let place = segments.extend(count);
    for (let at = end - cut; at > 0; at = begins[at]!) segments.set(--place, ids[at]!, cut + at);
    begins.fill(-1, 1, end - cut + 1);
  }

  #grow(length: number): void {
    const capacity = Math.max(length + 1, 2 * this.#best.length);
    const [best, begins, ids] = [this.#best, this.#begins, this.#ids];
    this.#best = new Float32Array(capacity);
    this.#begins = new Int32Array(capacity).fill(-1, begins.length);
    this.#ids = new Int32Array(capacity);
    this.#best.set(best);
    this.#begins.set(begins);
    this.#ids.set(ids);
  }
}
