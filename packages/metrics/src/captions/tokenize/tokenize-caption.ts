import { rules } from "./rules.ts";

/** How the Penn Treebank writes brackets; in lower case, as all else. */
const brackets: Readonly<Record<string, string>> = { "(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-" };

/** Punctuation that coco-caption leaves out; ?! and brackets stay, as in the original. */
const left = /^(?:["“”«»'‘’´`.?!,:;…–—-]|''|``|-{2,}|\.{3,}|\.(?: \.)+ \.)$/u;

/**
 * The words of a caption as coco-caption counts them: split as in the Penn Treebank, in lower case, without punctuation.
 *
 *     tokenizeCaption("A dog, which isn't Jenny's.")   // a dog which is n't jenny 's
 *
 * Follows the rules of Stanford's tokenizer (CoreNLP 3.4.1 with -lowerCase) for plain English: contractions, hyphens, numbers, abbreviations, addresses. A symbol that the original drops as
 * unreadable, such as an emoji, stays a token of its own; markup, phone numbers and emoticons are taken as the characters that they consist of.
 *
 * Source: Chen et al. 2015, "Microsoft COCO captions"; Marcus et al. 1993.
 */
export function tokenizeCaption(text: string): string[] {
  const whole = text.replaceAll("&amp;", "&");
  const tokens: string[] = [];
  let place = 0;
  while (place < whole.length) {
    if (/\s/u.test(whole[place]!)) {
      place++;
      continue;
    }
    const match = longestMatch(whole, place);
    const found = match.length > 1 ? match.slice(1).filter((token) => token !== undefined) : [match[0]];
    for (const token of found) {
      place += token.length;
      if (!left.test(token)) tokens.push(written(token));
    }
  }
  return tokens;
}

function longestMatch(text: string, place: number): RegExpExecArray {
  let best: RegExpExecArray | undefined;
  for (const rule of rules) {
    rule.lastIndex = place;
    const match = rule.exec(text);
    if (match && (!best || match[0].length > best[0].length)) best = match;
  }
  // The last rule takes any character.
  return best!;
}

/** As the Treebank writes it: slashes and asterisks behind a backslash, one form of apostrophe. */
const written = (token: string): string => (brackets[token] ?? token.replaceAll(/[’´]/g, "'").replaceAll(/[/*]/g, "\\$&")).toLowerCase();
