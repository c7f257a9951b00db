/** A library that cuts texts into ids. */
export interface Contestant {
  readonly title: string;
  /** Milliseconds for all texts, one call each, on one core. */
  time(): number | Promise<number>;
  /** Ids of every text, to compare. */
  ids(): number[][] | Promise<number[][]>;
  close?(): void;
}

/** Times a plain function over all texts. */
export function contestantOf(title: string, texts: readonly string[], encode: (text: string) => ArrayLike<number>): Contestant {
  return {
    title,
    time() {
      const started = performance.now();
      for (const text of texts) encode(text);
      return performance.now() - started;
    },
    ids: () => texts.map((text) => Array.from(encode(text))),
  };
}
