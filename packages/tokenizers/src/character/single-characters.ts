import type { Segmenter, Segments } from "../segments.ts";
import { characterLength } from "../text/utf8.ts";
import { longestPrefix } from "../trie/byte-trie.ts";
import type { Vocabulary } from "../vocabulary.ts";

/** A character model: every character, and every user-defined symbol, is one piece or unknown. */
export class SingleCharacters implements Segmenter {
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  segment(bytes: Uint8Array, size: number, segments: Segments): void {
    const { userDefinedTrie } = this.#vocabulary;
    for (let begin = 0; begin < size; ) {
      const symbolBytes = userDefinedTrie ? longestPrefix(userDefinedTrie, bytes, begin, size) : 0;
      const end = begin + (symbolBytes || Math.min(characterLength(bytes[begin]!), size - begin));
      segments.add(this.#vocabulary.idAt(bytes, begin, end), end);
      begin = end;
    }
  }
}
