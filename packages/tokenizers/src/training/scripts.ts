import { spaceMarkText } from "../text/utf8.ts";

/** Scripts that are told apart; Japanese and Chinese share one, because their words mix them. */
const scripts: readonly [name: string, pattern: RegExp][] = [
  "Latin",
  "Greek",
  "Cyrillic",
  "Armenian",
  "Hebrew",
  "Arabic",
  "Syriac",
  "Thaana",
  "Devanagari",
  "Bengali",
  "Gurmukhi",
  "Gujarati",
  "Oriya",
  "Tamil",
  "Telugu",
  "Kannada",
  "Malayalam",
  "Sinhala",
  "Thai",
  "Lao",
  "Tibetan",
  "Myanmar",
  "Georgian",
  "Hangul",
  "Ethiopic",
  "Cherokee",
  "Khmer",
  "Mongolian",
].map((name) => [name, new RegExp(`\\p{Script=${name}}`, "u")]);
const han = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u;
const inherited = /\p{Script=Inherited}/u;
const otherLetter = /\p{L}/u;
const digit = /\p{Nd}/u;

/** Goes with any script: `▁`, and marks that follow the letter before them. */
const anyScript = "";

/**
 * Decides which strings may become pieces: no two scripts in one piece, so `word` and `2023` stay apart, as do letters and
 * punctuation.
 *
 * Source: `IsValidSentencePiece` of google/sentencepiece, with its default options.
 */
export class PieceRules {
  readonly #splitsDigits: boolean;
  readonly #scriptOf = new Map<number, string>();
  readonly #isDigit = new Map<number, boolean>();

  constructor(splitsDigits: boolean) {
    this.#splitsDigits = splitsDigits;
  }

  /** @param characters code points; the piece stands from `begin` to `end` */
  allows(characters: Int32Array, begin: number, end: number): boolean {
    let script = anyScript;
    for (let index = begin; index < end; index++) {
      const character = characters[index]!;
      const here = this.#script(character);
      if (here === anyScript) continue;
      if (script !== anyScript && here !== script) return false;
      if (this.#splitsDigits && end - begin > 1 && this.#digit(character)) return false;
      script = here;
    }
    return true;
  }

  #digit(character: number): boolean {
    let known = this.#isDigit.get(character);
    if (known === undefined) this.#isDigit.set(character, (known = digit.test(String.fromCodePoint(character))));
    return known;
  }

  #script(character: number): string {
    let known = this.#scriptOf.get(character);
    if (known === undefined) this.#scriptOf.set(character, (known = scriptOf(String.fromCodePoint(character))));
    return known;
  }
}

function scriptOf(character: string): string {
  if (character === spaceMarkText || inherited.test(character)) return anyScript;
  if (han.test(character)) return "Han";
  for (const [name, pattern] of scripts) if (pattern.test(character)) return name;
  return otherLetter.test(character) ? "other" : "common";
}
