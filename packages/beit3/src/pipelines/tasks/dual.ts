import { OptionError } from "@multiway/errors";
import type { Encoder } from "../encode/encoder.ts";
import type { Picture } from "../inputs/pictures.ts";
import type { Text } from "../inputs/texts.ts";

/** A vector that was encoded before. */
type Vector = Float32Array;

/** Unit vectors of pictures and texts, those that are vectors already as they are. */
export class VectorMaker {
  readonly #encoder: Encoder;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  images(pictures: readonly (Picture | Vector)[], signal?: AbortSignal): Promise<Vector[]> {
    return encodeRest(pictures, (rest) => this.#encoder.images(rest, { ...(signal && { signal }) }));
  }

  texts(texts: readonly (Text | Vector)[], signal?: AbortSignal): Promise<Vector[]> {
    return encodeRest(texts, (rest) => this.#encoder.texts(rest, { ...(signal && { signal }) }));
  }
}

async function encodeRest<T>(items: readonly (T | Vector)[], encode: (rest: T[]) => Promise<{ vector: Vector }[]>): Promise<Vector[]> {
  const isVector = (item: T | Vector): item is Vector => item instanceof Float32Array;
  const encoded = await encode(items.filter((item): item is T => !isVector(item)));
  let next = 0;
  return items.map((item) => (isVector(item) ? item : encoded[next++]!.vector));
}

/** The product of two vectors: of unit vectors the cosine of their angle. @throws OptionError for vectors of two models */
export function product(a: Vector, b: Vector): number {
  if (a.length !== b.length) throw new OptionError(`Beit3: vectors of ${a.length} and ${b.length} numbers are to be compared; expected vectors of one model. Encode them anew.`, { details: { lengths: [a.length, b.length] } });
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}
