/**
 * Starting places of all suffixes, sorted by their first `depth` symbols or more.
 *
 * Prefix doubling: places sorted by their first k symbols, and by the k after those, are sorted by their first 2k. Every step
 * is a counting sort, so the whole is O(n log depth).
 *
 * @param symbols 0 … alphabetSize − 1
 *
 * Source: Manber and Myers 1993, "Suffix arrays: a new method for on-line string searches".
 */
export function sortSuffixes(symbols: Int32Array, alphabetSize: number, depth: number): Int32Array {
  const length = symbols.length;
  let rank = Int32Array.from(symbols);
  let nextRank = new Int32Array(length);
  let order = new Int32Array(length);
  const bySecond = new Int32Array(length);
  const counts = new Int32Array(Math.max(alphabetSize, length) + 1);
  let ranks = alphabetSize;

  const countingSort = (from: Int32Array | undefined, to: Int32Array): void => {
    counts.fill(0, 0, ranks + 1);
    for (let index = 0; index < length; index++) counts[rank[index]! + 1]!++;
    for (let value = 0; value < ranks; value++) counts[value + 1] = counts[value + 1]! + counts[value]!;
    for (let index = 0; index < length; index++) {
      const place = from ? from[index]! : index;
      to[counts[rank[place]!]!++] = place;
    }
  };

  countingSort(undefined, order);
  for (let step = 1; step < depth && ranks < length; step *= 2) {
    // By the second half: suffixes shorter than `step` have none and come first.
    let filled = 0;
    for (let place = Math.max(0, length - step); place < length; place++) bySecond[filled++] = place;
    for (let index = 0; index < length; index++) if (order[index]! >= step) bySecond[filled++] = order[index]! - step;
    countingSort(bySecond, order);
    const second = (place: number): number => (place + step < length ? rank[place + step]! : -1);
    let current = 0;
    for (let index = 0; index < length; index++) {
      if (index > 0) {
        const before = order[index - 1]!;
        const here = order[index]!;
        if (rank[before] !== rank[here] || second(before) !== second(here)) current++;
      }
      nextRank[order[index]!] = current;
    }
    ranks = current + 1;
    [rank, nextRank] = [nextRank, rank];
  }
  return order;
}
