import { formatValue, TokenizerError } from "@multiway/errors";
import type { NormalizerSpec } from "../model-file/model.ts";
import { Normalizer } from "../normalizer/normalizer.ts";
import { spaceMarkText, utf8Bytes } from "../text/utf8.ts";
import { buildByteTrie } from "../trie/byte-trie.ts";
import type { ResolvedOptions } from "./options.ts";

/** The distinct words of a text as code points, one behind the other. */
export interface WordList {
  characters: Int32Array;
  /** Word w stands from `starts[w]` to `starts[w + 1]`; [words + 1] */
  starts: Int32Array;
  /** How often each word occurs; [words] */
  counts: Float64Array;
  /** Characters that get a piece, most frequent first. */
  alphabet: number[];
}

/**
 * Normalises, cuts in front of every `▁`, counts, and cuts again where a character has no piece.
 *
 * No piece crosses a blank, so sentences are no longer needed afterwards.
 */
export function countWords(sentences: Iterable<string>, normalizerSpec: NormalizerSpec, options: ResolvedOptions): WordList {
  const symbols = options.userDefinedSymbols;
  const trie = symbols.length > 0 ? buildByteTrie(symbols.map(utf8Bytes), symbols.map((_, index) => index)) : undefined;
  const normalizer = new Normalizer(normalizerSpec, false, trie);
  // Longest first, as in the look-up.
  const cut = symbols.length > 0 ? new RegExp([...symbols].sort((a, b) => b.length - a.length).map(escapePattern).join("|"), "g") : undefined;
  const words = new Map<string, number>();
  let index = 0;
  for (const sentence of sentences) {
    if (typeof sentence !== "string") throw new TokenizerError(`trainUnigram: sentence ${index} is ${formatValue(sentence)}; a string is expected.`);
    normalizer.run(sentence);
    const text = cut ? normalizer.text().replace(cut, "\0") : normalizer.text();
    for (const stretch of text.split("\0")) {
      for (let begin = 0; begin < stretch.length; ) {
        const next = stretch.indexOf(spaceMarkText, begin + 1);
        const end = next < 0 ? stretch.length : next;
        const word = stretch.slice(begin, end);
        words.set(word, (words.get(word) ?? 0) + 1);
        begin = end;
      }
    }
    index++;
  }
  if (words.size === 0) {
    throw new TokenizerError(`trainUnigram: ${index} sentences without a single word were given; at least one word is expected.`);
  }

  const alphabet = chooseAlphabet(words, options);
  return packWords(words, alphabet);
}

/** Frequent characters up to the wanted coverage, then the required ones. */
function chooseAlphabet(words: ReadonlyMap<string, number>, { characterCoverage, requiredCharacters }: ResolvedOptions): number[] {
  const counts = new Map<number, number>();
  let total = 0;
  for (const [word, count] of words) {
    for (const character of word) {
      const code = character.codePointAt(0)!;
      counts.set(code, (counts.get(code) ?? 0) + count);
      total += count;
    }
  }
  const alphabet: number[] = [];
  let covered = 0;
  for (const [code, count] of [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])) {
    if (covered / total >= characterCoverage) break;
    alphabet.push(code);
    covered += count;
  }
  const chosen = new Set(alphabet);
  for (const character of requiredCharacters) {
    const code = character.codePointAt(0)!;
    if (code !== 0x20 && !chosen.has(code)) {
      chosen.add(code);
      alphabet.push(code);
    }
  }
  return alphabet;
}

function packWords(words: ReadonlyMap<string, number>, alphabet: readonly number[]): WordList {
  const known = new Set(alphabet);
  const parts = new Map<string, number>();
  for (const [word, count] of words) {
    let part = "";
    for (const character of word) {
      if (known.has(character.codePointAt(0)!)) part += character;
      else {
        if (part !== "") parts.set(part, (parts.get(part) ?? 0) + count);
        part = "";
      }
    }
    if (part !== "") parts.set(part, (parts.get(part) ?? 0) + count);
  }
  const characters: number[] = [];
  const starts = new Int32Array(parts.size + 1);
  const counts = new Float64Array(parts.size);
  let index = 0;
  for (const [part, count] of parts) {
    for (const character of part) characters.push(character.codePointAt(0)!);
    counts[index] = count;
    starts[++index] = characters.length;
  }
  return { characters: Int32Array.from(characters), starts, counts, alphabet: [...alphabet] };
}

function escapePattern(text: string): string {
  return text.replaceAll(" ", spaceMarkText).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
