import { TokenizerError } from "@multiway/errors";
import type { NormalizerSpec } from "../model-file/model.ts";
import { characterLength, codePointAt, readUtf8, writeUtf8 } from "../text/utf8.ts";
import { longestPrefix, type ByteTrie } from "../trie/byte-trie.ts";
import { NormalizationRules } from "./rules.ts";

const blank = 0x20;
/** Unicode's NFKC makes 11 times as many bytes of U+FDFA; rules of a damaged file could make hundreds. */
const maxGrowth = 64;

/**
 * Rewrites text into the form that pieces are made of, and remembers where each byte came from.
 *
 * The results stand in `bytes`, `size` and `origins` until the next call.
 */
export class Normalizer {
  /** UTF-8 of the normalised text; valid up to `size`. */
  bytes: Uint8Array = new Uint8Array(256);
  size = 0;
  /** For each normalised byte, and for the end, the code point of the raw text where it came from; [size + 1] */
  origins = new Uint32Array(257);

  readonly #spec: NormalizerSpec;
  readonly #whitespaceAsSuffix: boolean;
  readonly #rules: NormalizationRules | undefined;
  readonly #userDefined: ByteTrie | undefined;
  /** 1 for an ASCII character that stays as it is unless something beyond ASCII follows. */
  readonly #isPlain = new Uint8Array(128);
  #raw = new Uint8Array(768);

  /** @param userDefined symbols that no rule may touch */
  constructor(spec: NormalizerSpec, whitespaceAsSuffix: boolean, userDefined?: ByteTrie) {
    this.#spec = spec;
    this.#whitespaceAsSuffix = whitespaceAsSuffix;
    this.#rules = spec.rules.length > 0 ? new NormalizationRules(spec.rules) : undefined;
    this.#userDefined = userDefined;
    for (let byte = 0; byte < 128; byte++) this.#isPlain[byte] = this.#staysAlone(byte) ? 1 : 0;
  }

  /** The normalised text as a string. */
  text(): string {
    return readUtf8(this.bytes, 0, this.size);
  }

  /** @param text raw text; lone surrogates count as U+FFFD */
  run(text: string): void {
    const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces } = this.#spec;
    if (this.#raw.length < text.length * 3) this.#raw = new Uint8Array(text.length * 3 + 256);
    const raw = this.#raw;
    const rawSize = writeUtf8(text, raw);
    const isPlain = this.#isPlain;
    this.size = 0;
    this.#reserve(rawSize * 3 + 16);

    let offset = 0;
    let origin = 0;
    if (removeExtraWhitespaces) {
      while (offset < rawSize && this.#findPrefix(offset, rawSize) && this.#isOneBlank()) {
        origin += countCharacters(raw, offset, offset + this.#prefixBytes);
        offset += this.#prefixBytes;
      }
    }
    if (offset >= rawSize) {
      // Without a character there is no dummy prefix either.
      this.origins[0] = 0;
      return;
    }
    if (addDummyPrefix && !this.#whitespaceAsSuffix) this.#addBlank(origin);

    let isAfterBlank = removeExtraWhitespaces;
    while (offset < rawSize) {
      const byte = raw[offset]!;
      if (byte < 0x80 && isPlain[byte] && (offset + 1 === rawSize || raw[offset + 1]! < 0x80)) {
        if (byte !== blank) {
          this.bytes[this.size] = byte;
          this.origins[this.size++] = origin;
          isAfterBlank = false;
        } else if (!isAfterBlank) {
          this.#addBlank(origin);
          isAfterBlank = removeExtraWhitespaces;
        }
        offset++;
        origin++;
        continue;
      }
      this.#findPrefix(offset, rawSize);
      const source = this.#prefixSource;
      let from = this.#prefixBegin;
      const to = this.#prefixEnd;
      this.#reserve(this.size + (to - from) * 3 + (rawSize - offset) * 3 + 16, (this.size / (offset + 1)) * rawSize * 1.1);
      while (isAfterBlank && from < to && source[from] === blank) from++;
      if (from < to) {
        isAfterBlank = removeExtraWhitespaces && source[to - 1] === blank;
        for (; from < to; from++) {
          if (escapeWhitespaces && source[from] === blank) this.#addBlank(origin);
          else {
            this.bytes[this.size] = source[from]!;
            this.origins[this.size++] = origin;
          }
        }
      }
      origin += countCharacters(raw, offset, offset + this.#prefixBytes);
      offset += this.#prefixBytes;
      if (this.size > offset * maxGrowth + 1024) {
        throw new TokenizerError(
          `SentencePieceTokenizer: normalisation made ${this.size} bytes of ${offset}; at most ${maxGrowth} times as many are accepted. The model file's rules are damaged.`,
        );
      }
    }

    if (removeExtraWhitespaces) origin = this.#trimEnd(origin);
    if (addDummyPrefix && this.#whitespaceAsSuffix) this.#addBlank(origin);
    this.origins[this.size] = origin;
  }

  // What the text at some offset becomes; set by #findPrefix.
  #prefixSource: Uint8Array = this.bytes;
  #prefixBegin = 0;
  #prefixEnd = 0;
  /** Raw bytes that are replaced. */
  #prefixBytes = 0;

  /** User-defined symbol, else longest rule, else one character; always true. */
  #findPrefix(offset: number, rawSize: number): boolean {
    const raw = this.#raw;
    this.#prefixSource = raw;
    this.#prefixBegin = offset;
    const symbolBytes = this.#userDefined ? longestPrefix(this.#userDefined, raw, offset, rawSize) : 0;
    if (symbolBytes > 0) {
      this.#prefixBytes = symbolBytes;
    } else if (this.#rules?.find(raw, offset, rawSize)) {
      const { replacements, replacementBegin, matchedBytes } = this.#rules;
      this.#prefixSource = replacements;
      this.#prefixBegin = replacementBegin;
      this.#prefixEnd = replacements.indexOf(0, replacementBegin);
      this.#prefixBytes = matchedBytes;
      return true;
    } else if (codePointAt(raw, offset, rawSize) < 0) {
      // Only after a rule that ends inside a character.
      this.#prefixSource = replacementCharacter;
      this.#prefixBegin = 0;
      this.#prefixEnd = 3;
      this.#prefixBytes = 1;
      return true;
    } else {
      this.#prefixBytes = characterLength(raw[offset]!);
    }
    this.#prefixEnd = offset + this.#prefixBytes;
    return true;
  }

  #isOneBlank(): boolean {
    return this.#prefixEnd - this.#prefixBegin === 1 && this.#prefixSource[this.#prefixBegin] === blank;
  }

  #addBlank(origin: number): void {
    const { bytes, origins } = this;
    if (!this.#spec.escapeWhitespaces) {
      bytes[this.size] = blank;
      origins[this.size++] = origin;
      return;
    }
    let size = this.size;
    bytes[size] = 0xe2; // ▁
    origins[size++] = origin;
    bytes[size] = 0x96;
    origins[size++] = origin;
    bytes[size] = 0x81;
    origins[size++] = origin;
    this.size = size;
  }

  /** Drops blanks at the end; returns where the first of them came from. */
  #trimEnd(origin: number): number {
    const { bytes } = this;
    const width = this.#spec.escapeWhitespaces ? 3 : 1;
    for (;;) {
      const begin = this.size - width;
      if (begin < 0) return origin;
      const isBlank = width === 1 ? bytes[begin] === blank : bytes[begin] === 0xe2 && bytes[begin + 1] === 0x96 && bytes[begin + 2] === 0x81;
      if (!isBlank) return origin;
      origin = this.origins[begin]!;
      this.size = begin;
    }
  }

  /** @param likely  what will be needed if the rest grows as what came before: one step, where doubling would take several */
  #reserve(capacity: number, likely = 0): void {
    if (capacity <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(capacity, Math.min(this.bytes.length * 2, maxGrowth * capacity), Math.ceil(likely)));
    bytes.set(this.bytes.subarray(0, this.size));
    const origins = new Uint32Array(bytes.length + 1);
    origins.set(this.origins.subarray(0, this.size));
    this.bytes = bytes;
    this.origins = origins;
  }

  #staysAlone(byte: number): boolean {
    const single = Uint8Array.of(byte);
    if (this.#userDefined && this.#userDefined.units[(this.#userDefined.units[0]! >>> 10) ^ byte]! % 512 === byte + 1) return false;
    const rules = this.#rules;
    if (!rules) return true;
    if (rules.continuesInAscii(byte)) return false;
    if (!rules.find(single, 0, 1)) return true;
    return rules.replacements[rules.replacementBegin] === byte && rules.replacements[rules.replacementBegin + 1] === 0;
  }
}

const replacementCharacter = Uint8Array.of(0xef, 0xbf, 0xbd);

function countCharacters(bytes: Uint8Array, begin: number, end: number): number {
  let count = 0;
  for (let offset = begin; offset < end; offset++) if ((bytes[offset]! & 0xc0) !== 0x80) count++;
  return count;
}
