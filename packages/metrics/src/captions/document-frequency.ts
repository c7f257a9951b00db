import { DataError } from "@multiway/errors";
import { countNgrams, type NgramCounts } from "./ngrams.ts";
import { wordsOf, type Caption } from "./words.ts";

/**
 * In how many pictures' references each run of words occurs. CIDEr takes it from the references that it is given; take it from a larger set, once, to score few captions, or one.
 */
export class DocumentFrequency {
  readonly #counts = new Map<string, number>();
  #pictures = 0;

  /** @throws DataError for a picture without references */
  static of(references: Iterable<readonly Caption[]>): DocumentFrequency {
    const frequency = new DocumentFrequency();
    for (const captions of references) frequency.add(captions);
    return frequency;
  }

  /** Adds the references of one picture. */
  add(references: readonly Caption[]): void {
    if (references.length === 0) throw new DataError("DocumentFrequency.add: the picture has no references; expected at least one.");
    this.addCounts(references.map((caption) => countNgrams(wordsOf(caption))));
  }

  /** The same of references that are counted already. */
  addCounts(references: readonly NgramCounts[]): void {
    this.#pictures++;
    for (const ngram of new Set(references.flatMap((counts) => counts.flatMap((ngrams) => [...ngrams.keys()])))) this.#counts.set(ngram, (this.#counts.get(ngram) ?? 0) + 1);
  }

  get pictures(): number {
    return this.#pictures;
  }

  /** ln(pictures / pictures with it); a run that no picture has weighs as one that one has. */
  weightOf(ngram: string): number {
    return Math.log(this.#pictures) - Math.log(Math.max(1, this.#counts.get(ngram) ?? 0));
  }
}
