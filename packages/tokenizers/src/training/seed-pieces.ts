import type { WordList } from "./count-words.ts";
import type { ResolvedOptions } from "./options.ts";
import { PieceRules } from "./scripts.ts";
import { sortSuffixes } from "./suffix-array.ts";

/** Candidate pieces, each named by a place where it occurs in the words. */
export interface PieceList {
  count: number;
  /** First character, an index into `WordList.characters`; −1 − code point for a character that occurs in no word. [count] */
  begins: Int32Array;
  /** Characters. [count] */
  lengths: Uint8Array;
  /** How often each occurs. [count] */
  frequencies: Float64Array;
}

/**
 * Every character of the alphabet, and the frequent substrings of the words: those that cannot be made longer without
 * becoming rarer. The best by frequency × length are kept.
 *
 * A word counts as often as it occurs. Substrings are the nodes of the suffix tree, read off the sorted suffixes.
 * Source: Kudo 2018, section 3.2; Abouelhoda et al. 2004 for the traversal.
 */
export function findSeedPieces(words: WordList, options: ResolvedOptions): PieceList {
  const { characters, starts, counts, alphabet } = words;
  const longest = options.maxPieceLength;
  const wordCount = counts.length;

  // Words with a 0 behind each, and for every place: where it stands in `characters`, how much of its word is left, its weight.
  const symbolOf = new Map(alphabet.map((code, index) => [code, index + 1]));
  const size = characters.length + wordCount;
  const symbols = new Int32Array(size);
  const place = new Int32Array(size);
  const left = new Int32Array(size);
  const weight = new Float64Array(size);
  const frequencyOfSymbol = new Float64Array(alphabet.length + 1);
  const firstPlaceOfSymbol = new Int32Array(alphabet.length + 1).fill(-1);
  for (let word = 0, index = 0; word < wordCount; word++) {
    for (let character = starts[word]!; character <= starts[word + 1]!; character++, index++) {
      place[index] = character;
      left[index] = Math.min(longest, starts[word + 1]! - character);
      weight[index] = counts[word]!;
      if (left[index] === 0) continue;
      const symbol = symbolOf.get(characters[character]!)!;
      symbols[index] = symbol;
      frequencyOfSymbol[symbol] = frequencyOfSymbol[symbol]! + counts[word]!;
      if (firstPlaceOfSymbol[symbol] === -1) firstPlaceOfSymbol[symbol] = character;
    }
  }

  const order = sortSuffixes(symbols, alphabet.length + 1, longest);
  const common = new Uint8Array(size + 1); // characters that a suffix shares with the one before it
  for (let index = 1; index < size; index++) {
    const first = order[index - 1]!;
    const second = order[index]!;
    const limit = Math.min(left[first]!, left[second]!);
    let shared = 0;
    while (shared < limit && symbols[first + shared] === symbols[second + shared]) shared++;
    common[index] = shared;
  }

  const rules = new PieceRules(options.splitsDigits);
  const found: { begin: number; length: number; frequency: number }[] = [];
  const offer = (begin: number, length: number, frequency: number): void => {
    if (length >= 2 && frequency >= 2 && rules.allows(characters, begin, begin + length)) found.push({ begin, length, frequency });
  };
  // Open intervals of suffixes that share a prefix: its length, and the weight before the interval.
  const openLength: number[] = [0];
  const openWeight: number[] = [0];
  let weightBefore = 0;
  for (let index = 0; index < size; index++) {
    const suffix = order[index]!;
    const before = common[index]!;
    const after = common[index + 1]!;
    const here = place[suffix]!;
    const through = weightBefore + weight[suffix]!;
    // The whole rest of the word, if no neighbour has it: a leaf of the tree.
    if (left[suffix]! > Math.max(before, after)) offer(here, left[suffix]!, weight[suffix]!);
    if (after > openLength[openLength.length - 1]!) {
      openLength.push(after);
      openWeight.push(weightBefore);
    }
    while (after < openLength[openLength.length - 1]!) {
      const length = openLength.pop()!;
      const begun = openWeight.pop()!;
      offer(here, length, through - begun);
      if (after > openLength[openLength.length - 1]!) {
        openLength.push(after);
        openWeight.push(begun);
      }
    }
    weightBefore = through;
  }
  found.sort((a, b) => b.frequency * b.length - a.frequency * a.length || a.begin - b.begin || a.length - b.length);
  found.length = Math.min(found.length, options.seedSize);

  const count = alphabet.length + found.length;
  const pieces: PieceList = { count, begins: new Int32Array(count), lengths: new Uint8Array(count), frequencies: new Float64Array(count) };
  alphabet.forEach((code, index) => {
    pieces.begins[index] = firstPlaceOfSymbol[index + 1]! >= 0 ? firstPlaceOfSymbol[index + 1]! : -1 - code;
    pieces.lengths[index] = 1;
    pieces.frequencies[index] = frequencyOfSymbol[index + 1]!;
  });
  found.forEach(({ begin, length, frequency }, index) => {
    pieces.begins[alphabet.length + index] = begin;
    pieces.lengths[alphabet.length + index] = length;
    pieces.frequencies[alphabet.length + index] = frequency;
  });
  return pieces;
}
