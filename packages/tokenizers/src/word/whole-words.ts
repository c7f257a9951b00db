import type { Segmenter, Segments } from "../segments.ts";
import { lookUp } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";

/** A word model: every word, with the `▁` in front of it, is one piece or unknown. */
export class WholeWords implements Segmenter {
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  segment(bytes: Uint8Array, size: number, segments: Segments): void {
    const { trie, unknownId } = this.#vocabulary;
    for (let begin = 0; begin < size; ) {
      let end = begin + 1;
      while (end < size && !(bytes[end] === 0xe2 && bytes[end + 1] === 0x96 && bytes[end + 2] === 0x81 && end + 2 < size)) end++;
      const id = lookUp(trie, bytes, begin, end);
      segments.add(id >= 0 ? id : unknownId, end);
      begin = end;
    }
  }
}
