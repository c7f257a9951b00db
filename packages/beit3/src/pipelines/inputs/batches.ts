import { DataError } from "@multiway/errors";

export interface BatchOptions<T> {
  /** Most items at a time. */
  batchSize: number;
  signal?: AbortSignal | undefined;
  /** Only items of one width form a batch. Default: all do. */
  widthOf?: (item: T) => number;
}

/**
 * Sizes of batches for so many items: the powers of two up to the largest, `[8, 8, 2, 1]` of 19. Few sizes, since each makes a program of its own, and nothing is computed in vain.
 */
export function batchSizes(count: number, most: number): number[] {
  const sizes: number[] = [];
  for (let left = count, size = 2 ** Math.floor(Math.log2(most)); left > 0; ) {
    if (size > left) size /= 2;
    else {
      sizes.push(size);
      left -= size;
    }
  }
  return sizes;
}

/**
 * Runs over items batch by batch.
 *
 * @param run  gives a result for each item of a batch
 * @returns    results in the order of the items
 * @throws the signal's reason, before the next batch, when it is aborted
 */
export async function inBatches<T, R>(items: readonly T[], { batchSize, signal, widthOf = () => 0 }: BatchOptions<T>, run: (batch: readonly T[], width: number) => Promise<readonly R[]>): Promise<R[]> {
  const places = new Map<number, number[]>();
  items.forEach((item, index) => {
    const width = widthOf(item);
    const ofWidth = places.get(width);
    if (ofWidth) ofWidth.push(index);
    else places.set(width, [index]);
  });
  const results = new Array<R>(items.length);
  for (const [width, indices] of [...places].sort(([a], [b]) => a - b)) {
    let begin = 0;
    for (const size of batchSizes(indices.length, batchSize)) {
      signal?.throwIfAborted();
      const chosen = indices.slice(begin, (begin += size));
      const found = await run(chosen.map((index) => items[index]!), width);
      chosen.forEach((index, at) => (results[index] = found[at]!));
    }
  }
  signal?.throwIfAborted();
  return results;
}

/** Arrays in, arrays out; one in, one out. */
export async function oneOrAll<T, R>(given: T | readonly T[], run: (all: readonly T[]) => Promise<R[]>): Promise<R | R[]> {
  return Array.isArray(given) ? await run(given as readonly T[]) : (await run([given as T]))[0]!;
}

/** What belongs together, side by side: `{ picture: "pictures", … }` in messages. @throws DataError for unequal numbers */
export function sideBySide<A, B>(caller: string, names: readonly [string, string], first: A | readonly A[], second: B | readonly B[]): { isMany: boolean; pairs: { first: A; second: B }[] } {
  const [a, b] = [Array.isArray(first), Array.isArray(second)];
  const [firsts, seconds] = [a ? (first as A[]) : [first as A], b ? (second as B[]) : [second as B]];
  if (a !== b || firsts.length !== seconds.length) {
    const count = (isMany: boolean, { length }: unknown[], name: string) => (isMany ? `a list of ${length} ${name}` : `one of the ${name}`);
    throw new DataError(`${caller}: ${count(a, firsts, names[0])} beside ${count(b, seconds, names[1])}; expected as many of each, or one and one. Repeat what belongs to several.`, { details: { [names[0]]: firsts.length, [names[1]]: seconds.length } });
  }
  return { isMany: a, pairs: firsts.map((one, index) => ({ first: one, second: seconds[index]! })) };
}
