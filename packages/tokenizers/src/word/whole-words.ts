import type { Segmenter, Segments } from "../segments.ts";
import type { Vocabulary } from "../vocabulary.ts";

/** A word model: every word, with the `▁` in front of it, is one piece or unknown. */
export class WholeWords implements Segmenter {
  readonly #vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  segment(bytes: Uint8Array, size: number, segments: Segments): void {
    for (let begin = 0; begin < size; ) {
      let end = begin + 1;
      while (end < size && !(bytes[end] === 0xe2 && bytes[end + 1] === 0x96 && bytes[end + 2] === 0x81 && end + 2 < size)) end++;
      segments.add(this.#vocabulary.idAt(bytes, begin, end), end);
      begin = end;
    }
  }
}
