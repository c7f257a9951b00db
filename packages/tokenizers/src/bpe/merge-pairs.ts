import { pieceType } from "../model-file/model.ts";
import type { Segmenter, Segments } from "../segments.ts";
import { characterLength } from "../text/utf8.ts";
import { longestPrefix, lookUp } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { PairQueue } from "./pair-queue.ts";

/**
 * Byte-pair encoding as SentencePiece does it: of all neighbours that together are a piece, the pair whose piece has the highest
 * score is joined first, the leftmost of equals.
 *
 * Source: Sennrich et al. 2016; dropped merges: Provilkov et al. 2020, "BPE-dropout".
 */
export class MergePairs implements Segmenter {
  readonly #vocabulary: Vocabulary;
  readonly #queue = new PairQueue();
  // Symbols are a linked list over the text; the length of one that was swallowed is 0.
  #begins = new Int32Array(64);
  #lengths = new Int32Array(64);
  #previous = new Int32Array(64);
  #next = new Int32Array(64);
  #isFixed = new Uint8Array(64);
  /** How an unused piece was last joined: the bytes of its left part, by id. */
  readonly #leftOfUnused = new Map<number, number>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** @param dropsMerge asked before each merge, with a running number; true leaves the pair apart */
  segment(bytes: Uint8Array, size: number, segments: Segments, dropsMerge?: (step: number) => boolean): void {
    const count = this.#split(bytes, size);
    const queue = this.#queue;
    queue.clear();
    this.#leftOfUnused.clear();
    for (let right = 1; right < count; right++) this.#offer(bytes, right - 1, right);
    let step = 0;
    while (queue.pop()) {
      const { left, right } = queue;
      const lengths = this.#lengths;
      // A pair whose symbols have changed since is no pair any more.
      if (lengths[left] === 0 || lengths[right] === 0 || lengths[left]! + lengths[right]! !== queue.length) continue;
      if (dropsMerge?.(step++)) continue;
      lengths[left] = queue.length;
      lengths[right] = 0;
      const after = this.#next[right]!;
      this.#next[left] = after;
      if (after >= 0) this.#previous[after] = left;
      this.#offer(bytes, this.#previous[left]!, left);
      this.#offer(bytes, left, after);
    }
    for (let symbol = count > 0 ? 0 : -1; symbol >= 0; symbol = this.#next[symbol]!) {
      this.#emit(bytes, this.#begins[symbol]!, this.#lengths[symbol]!, segments);
    }
  }

  /** Characters and user-defined symbols; returns how many. */
  #split(bytes: Uint8Array, size: number): number {
    if (this.#begins.length < size) {
      const capacity = Math.max(size, this.#begins.length * 2);
      this.#begins = new Int32Array(capacity);
      this.#lengths = new Int32Array(capacity);
      this.#previous = new Int32Array(capacity);
      this.#next = new Int32Array(capacity);
      this.#isFixed = new Uint8Array(capacity);
    }
    const { userDefinedTrie } = this.#vocabulary;
    let count = 0;
    for (let begin = 0; begin < size; ) {
      const symbolBytes = userDefinedTrie ? longestPrefix(userDefinedTrie, bytes, begin, size) : 0;
      const length = symbolBytes || Math.min(characterLength(bytes[begin]!), size - begin);
      this.#begins[count] = begin;
      this.#lengths[count] = length;
      this.#previous[count] = count - 1;
      this.#next[count] = count + 1;
      this.#isFixed[count] = symbolBytes > 0 ? 1 : 0;
      count++;
      begin += length;
    }
    if (count > 0) this.#next[count - 1] = -1;
    return count;
  }

  /** Puts a pair of neighbours in the queue if together they are a piece. */
  #offer(bytes: Uint8Array, left: number, right: number): void {
    if (left < 0 || right < 0 || this.#isFixed[left] || this.#isFixed[right]) return;
    const begin = this.#begins[left]!;
    const length = this.#lengths[left]! + this.#lengths[right]!;
    const { trie, scores, types } = this.#vocabulary;
    const id = lookUp(trie, bytes, begin, begin + length);
    if (id < 0) return;
    this.#queue.push(scores[id]!, left, right, length);
    if (types[id] === pieceType.unused) this.#leftOfUnused.set(id, this.#lengths[left]!);
  }

  /** Adds a symbol; an unused piece falls apart into what it was joined from. */
  #emit(bytes: Uint8Array, begin: number, length: number, segments: Segments): void {
    const id = this.#vocabulary.idAt(bytes, begin, begin + length);
    if (this.#vocabulary.types[id] === pieceType.unused) {
      const leftLength = this.#leftOfUnused.get(id);
      if (leftLength !== undefined) {
        this.#emit(bytes, begin, leftLength, segments);
        this.#emit(bytes, begin + leftLength, length - leftLength, segments);
        return;
      }
    }
    segments.add(id, begin + length);
  }
}
