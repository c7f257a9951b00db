/** Python's idea of white space, which differs from JavaScript's in U+001C to U+001F, U+0085 and U+FEFF. */
const pythonSpace = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const leadingSpace = new RegExp(`^${pythonSpace}+`);
const spaceCharacter = new RegExp(pythonSpace);

/** Text without white space at its end. A loop: a pattern tied to the end alone would take quadratic time on long runs. */
export function trimEndLikePython(text: string): string {
  let end = text.length;
  while (end > 0 && spaceCharacter.test(text[end - 1]!)) end--;
  return text.slice(0, end);
}

/** Text without white space at both ends. */
export function trimLikePython(text: string): string {
  return trimEndLikePython(text.replace(leadingSpace, ""));
}

/** A stretch of plain text, or the name of a special token. */
export interface TextPart {
  text: string;
  isSpecial: boolean;
}

/** A pattern that finds any of `names`, none of which is a prefix of another. */
export function patternOfNames(names: Iterable<string>): RegExp {
  return new RegExp(Array.from(names, (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "g");
}

/**
 * Cuts special names out of a text; empty stretches are left out.
 *
 * @param pattern of {@link patternOfNames}
 * @param swallowing the name that takes the white space at its left with it
 */
export function splitAtNames(text: string, pattern: RegExp, swallowing: string): TextPart[] {
  const parts: TextPart[] = [];
  let begin = 0;
  for (const match of text.matchAll(pattern)) {
    const before = text.slice(begin, match.index);
    const plain = match[0] === swallowing ? trimEndLikePython(before) : before;
    if (plain !== "") parts.push({ text: plain, isSpecial: false });
    parts.push({ text: match[0], isSpecial: true });
    begin = match.index + match[0].length;
  }
  if (begin < text.length) parts.push({ text: text.slice(begin), isSpecial: false });
  return parts;
}
