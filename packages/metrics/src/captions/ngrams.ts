/** BLEU and CIDEr look at runs of one to four words. */
export const maxOrder = 4;

/** How often each run of words occurs, by its length less one; a run is its words with NUL between them. */
export type NgramCounts = readonly ReadonlyMap<string, number>[];

export function countNgrams(words: readonly string[]): NgramCounts {
  return Array.from({ length: maxOrder }, (_, shorter) => {
    const counts = new Map<string, number>();
    for (let start = 0; start + shorter < words.length; start++) {
      const ngram = words.slice(start, start + shorter + 1).join("\0");
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    return counts;
  });
}
