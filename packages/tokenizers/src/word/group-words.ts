import { spaceMarkText } from "../text/utf8.ts";

/** Pieces `begin` to `end` (exclusive) are one word. */
export interface WordGroup {
  begin: number;
  end: number;
}

/** Options of {@link groupWords}. */
export interface GroupWordsOptions {
  /** Pieces that belong to no word: specials and padding. Default: none. */
  isExcluded?: (index: number) => boolean;
  /** Where the blank stands: before a word (the usual), or behind it (`whitespaceAsSuffix`). Default false. */
  whitespaceAsSuffix?: boolean;
}

/**
 * Which pieces belong to one word, for masking whole words.
 *
 * A word starts at a piece that begins with `▁`, at the start, and after an excluded piece. Text without blanks (Chinese,
 * Japanese, Thai) is therefore one word up to the next blank.
 *
 * ```ts
 * groupWords(["▁a", "▁surf", "board", "er"]); // [{ begin: 0, end: 1 }, { begin: 1, end: 4 }]
 * ```
 */
export function groupWords(pieces: readonly string[], { isExcluded, whitespaceAsSuffix = false }: GroupWordsOptions = {}): WordGroup[] {
  const groups: WordGroup[] = [];
  let isOpen = false;
  for (let index = 0; index < pieces.length; index++) {
    if (isExcluded?.(index)) {
      isOpen = false;
      continue;
    }
    const piece = pieces[index]!;
    if (isOpen && (whitespaceAsSuffix || !piece.startsWith(spaceMarkText))) groups[groups.length - 1]!.end = index + 1;
    else groups.push({ begin: index, end: index + 1 });
    isOpen = !(whitespaceAsSuffix && piece.endsWith(spaceMarkText));
  }
  return groups;
}
