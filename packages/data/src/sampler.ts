import { DataError } from "@multiway/errors";
import type { Key } from "@multiway/random";

/**
 * Goes through a data set in random order, again and again, and can be asked for any batch: batch i is the same whatever was asked before.
 *
 * Each pass (epoch) has an order of its own; a batch may span two passes.
 */
export class ShuffledSampler {
  readonly count: number;
  readonly batchSize: number;
  readonly #key: Key;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  constructor({ count, batchSize, key }: { count: number; batchSize: number; key: Key }) {
    if (!(count > 0)) throw new DataError(`ShuffledSampler: the data set holds ${count} items; expected at least one.`);
    this.count = count;
    this.batchSize = batchSize;
    this.#key = key;
  }

  /** Positions in the data set of batch `index`, counted from 0. */
  batch(index: number): number[] {
    return Array.from({ length: this.batchSize }, (_, item) => {
      const place = index * this.batchSize + item;
      return this.#orderOf(Math.floor(place / this.count))[place % this.count]!;
    });
  }

  #orderOf(epoch: number): Uint32Array {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = this.#key.fold(epoch).permutation(this.count);
    }
    return this.#order;
  }
}
