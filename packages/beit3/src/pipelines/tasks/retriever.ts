import { OptionError } from "@multiway/errors";
import type { Encoder } from "../encode/encoder.ts";
import type { Values } from "../encode/encodings.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text } from "../inputs/texts.ts";
import { product, VectorMaker } from "./dual.ts";
import { bestOf } from "./ranking.ts";

/** Pictures for a text, or texts for a picture. Whatever was encoded before may stand as its vector. */
export type RankQuery = { text: Text | Float32Array; images: readonly (Picture | Float32Array)[] } | { image: Picture | Float32Array; texts: readonly (Text | Float32Array)[] };

export interface Ranked {
  /** Among what was to be ranked. */
  index: number;
  /** Cosine of the angle between the two vectors, −1 to 1. */
  score: number;
}

export interface RankOptions {
  /** How many of the best to give. Default: all. */
  top?: number;
  /** Stops between batches. */
  signal?: AbortSignal;
}

/** Finds the pictures that fit a text, and the texts that fit a picture. */
export class Retriever {
  readonly #vectors: VectorMaker;

  constructor(encoder: Encoder) {
    this.#vectors = new VectorMaker(encoder);
  }

  /**
   * ```ts
   * const [best] = await model.retriever.rank({ text: "a dog on a bus", images: ["a.jpg", "b.jpg"] });
   * ```
   *
   * @returns best first
   */
  async rank(query: RankQuery, { top = Infinity, signal }: RankOptions = {}): Promise<Ranked[]> {
    if ("text" in query === "image" in query) throw new OptionError("retriever.rank: expected { text, images } or { image, texts }.");
    const [one, others] = "text" in query ? [await this.#vectors.texts([query.text], signal), await this.#vectors.images(query.images, signal)] : [await this.#vectors.images([query.image], signal), await this.#vectors.texts(query.texts, signal)];
    const scores = others.map((other) => product(one[0]!, other));
    return bestOf(scores, top).map((index) => ({ index, score: scores[index]! }));
  }

  /** All with all. @returns cosines, [pictures, texts] */
  async similarities(images: readonly (Picture | Float32Array)[], texts: readonly (Text | Float32Array)[], { signal }: Pick<RankOptions, "signal"> = {}): Promise<Values> {
    const rows = await this.#vectors.images(images, signal);
    const columns = await this.#vectors.texts(texts, signal);
    return { shape: [rows.length, columns.length], data: Float32Array.from(rows.flatMap((row) => columns.map((column) => product(row, column)))) };
  }
}
