/**
 * Makes items before they are asked for: while item i is used, items up to i + depth are under way.
 *
 * @param make   the item of a position; may be asynchronous
 * @param depth  how many to hold ready. Default 2
 */
export class Prefetcher<T> {
  readonly #make: (index: number) => T | Promise<T>;
  readonly #depth: number;
  readonly #ready = new Map<number, Promise<T>>();

  constructor(make: (index: number) => T | Promise<T>, depth = 2) {
    this.#make = make;
    this.#depth = depth;
  }

  /** The item of a position; those behind it are started. */
  async take(index: number): Promise<T> {
    const item = this.#start(index);
    this.#ready.delete(index);
    for (const early of this.#ready.keys()) if (early < index) this.#ready.delete(early);
    // The next ones begin once this one is out of the way, so that it is not delayed by them.
    const result = await item;
    for (let next = index + 1; next <= index + this.#depth; next++) void this.#start(next).catch(() => undefined);
    return result;
  }

  #start(index: number): Promise<T> {
    let item = this.#ready.get(index);
    if (!item) {
      // A failure is kept for the one who takes the item.
      item = Promise.resolve().then(() => this.#make(index));
      item.catch(() => undefined);
      this.#ready.set(index, item);
    }
    return item;
  }
}
