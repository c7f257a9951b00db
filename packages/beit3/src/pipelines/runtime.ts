import { tensorsOf, type Device, type Tensor } from "@multiway/tensor";
import type { PictureReader } from "./inputs/pictures.ts";
import type { TextReader } from "./inputs/texts.ts";

/** What all pipelines of a loaded model share. */
export interface Runtime {
  readonly device: Device;
  readonly pictures: PictureReader;
  readonly texts: TextReader;
  readonly batchSize: number;
}

/** Compiled functions, each made when it is first asked for: one for each width of texts, so that none sees many signatures. */
export class Programs<F> {
  readonly #made = new Map<string, F>();

  get(key: string | number, make: () => F): F {
    let made = this.#made.get(String(key));
    if (made === undefined) this.#made.set(String(key), (made = make()));
    return made;
  }
}

/** Numbers of a tensor. */
export async function numbersOf(tensor: Tensor): Promise<Float32Array> {
  const data = await tensor.data();
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** Numbers of a result, which is given back to its device. */
export async function take(tensor: Tensor): Promise<Float32Array> {
  try {
    return await numbersOf(tensor);
  } finally {
    tensor.dispose();
  }
}

/** Gives inputs and results back to their device. */
export function release(...trees: unknown[]): void {
  for (const { tensor } of tensorsOf(trees)) tensor.dispose();
}

/** The part of a batch's numbers that is one item's. */
export const rowOf = (data: Float32Array, row: number, rows: number): Float32Array => data.slice((row * data.length) / rows, ((row + 1) * data.length) / rows);
