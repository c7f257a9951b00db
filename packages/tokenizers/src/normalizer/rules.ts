import { TokenizerError } from "@multiway/errors";

/** Longest replacement that a rule may write, in bytes; the longest of Unicode's NFKC has 33. */
const maxReplacementBytes = 256;
/** Longest text that a rule may cover, in bytes; keeps a damaged trie with a cycle from reading on and on. */
const maxMatchBytes = 256;

/**
 * The precompiled rules of a normaliser: which byte sequences are replaced by which.
 *
 * Layout: size of the trie in bytes (32 bits, little endian), a Darts double array of 32-bit units, then the replacements,
 * each ended by a zero byte. A unit of Darts: label in bits 0 to 7, bit 8 whether a value hangs here, bit 9 whether the offset
 * counts in blocks of 256, offset in bits 10 to 30, bit 31 set when the unit is a value.
 *
 * Source: `PrecompiledCharsMap` of google/sentencepiece; darts-clone.
 */
export class NormalizationRules {
  readonly #units: Uint32Array;
  /** Replacements, each ended by a zero byte. */
  readonly replacements: Uint8Array;
  /** Of the last {@link find}: bytes that the rule covers. */
  matchedBytes = 0;
  /** Of the last {@link find}: where its replacement begins in {@link replacements}. */
  replacementBegin = 0;

  /** @param bytes the field `precompiled_charsmap`, not empty */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const trieBytes = bytes.length >= 4 ? view.getUint32(0, true) : 0;
    if (bytes.length < 4 || trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > bytes.length - 4) {
      throw new TokenizerError(
        `SentencePieceTokenizer: the normalisation rules have ${bytes.length} bytes and name a trie of ${trieBytes}; a multiple of 4 that fits is expected. The model file is damaged.`,
      );
    }
    this.#units = new Uint32Array(trieBytes / 4);
    for (let index = 0; index < this.#units.length; index++) this.#units[index] = view.getUint32(4 + index * 4, true);
    // One zero more, so that the last replacement always ends.
    this.replacements = new Uint8Array(bytes.length - 4 - trieBytes + 1);
    this.replacements.set(bytes.subarray(4 + trieBytes));
    for (let index = 0, begin = 0; index < this.replacements.length; index++) {
      if (this.replacements[index] !== 0) continue;
      if (index - begin > maxReplacementBytes) {
        throw new TokenizerError(`SentencePieceTokenizer: a normalisation rule writes ${index - begin} bytes; at most ${maxReplacementBytes} are accepted. The model file is damaged.`);
      }
      begin = index + 1;
    }
  }

  /** Finds the longest rule for the bytes from `begin`; true sets {@link matchedBytes} and {@link replacementBegin}. */
  find(bytes: Uint8Array, begin: number, end: number): boolean {
    const units = this.#units;
    let position = offsetOf(units[0]!);
    let matched = 0;
    for (let index = begin, last = Math.min(end, begin + maxMatchBytes); index < last; index++) {
      const byte = bytes[index]!;
      position ^= byte;
      if (position >= units.length) break;
      const unit = units[position]!;
      // A value has bit 31 set, so it never passes for a label.
      if ((unit & 0x800000ff) !== byte) break;
      position ^= offsetOf(unit);
      if (unit & 0x100) {
        if (position >= units.length) break;
        matched = index + 1 - begin;
        this.replacementBegin = units[position]! & 0x7fffffff;
      }
    }
    this.matchedBytes = matched;
    if (matched > 0 && this.replacementBegin >= this.replacements.length) {
      throw new TokenizerError(
        `SentencePieceTokenizer: a normalisation rule points to byte ${this.replacementBegin} of ${this.replacements.length}. The model file is damaged.`,
      );
    }
    return matched > 0;
  }

  /** True when some rule starts with the byte `first` and goes on with one below 0x80. */
  continuesInAscii(first: number): boolean {
    const units = this.#units;
    let position = offsetOf(units[0]!) ^ first;
    if (position >= units.length || (units[position]! & 0x800000ff) !== first) return false;
    position ^= offsetOf(units[position]!);
    for (let byte = 0; byte < 0x80; byte++) {
      const child = position ^ byte;
      if (child < units.length && (units[child]! & 0x800000ff) === byte) return true;
    }
    return false;
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}
