/** UTF-8 by hand: SentencePiece works on bytes, and offsets must be known while encoding. */

/** Bytes of U+2581 LOWER ONE EIGHTH BLOCK (`▁`), which stands for a blank inside pieces. */
export const spaceMark = [0xe2, 0x96, 0x81] as const;
/** The same as a string. */
export const spaceMarkText = "▁";

/** Length in bytes of the character that starts with `lead`; a stray continuation byte counts as one character. */
export function characterLength(lead: number): number {
  return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/**
 * Writes `text` as UTF-8 from offset 0 of `target`, which must hold 3 bytes per UTF-16 unit.
 *
 * A lone surrogate becomes U+FFFD, as in the Encoding Standard.
 *
 * @returns the number of bytes written
 */
export function writeUtf8(text: string, target: Uint8Array): number {
  const length = text.length;
  let size = 0;
  for (let index = 0; index < length; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      target[size++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) {
      const low = index + 1 < length ? text.charCodeAt(index + 1) : 0;
      if (code < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        index++;
      } else {
        code = 0xfffd;
      }
    }
    if (code < 0x800) {
      target[size++] = 0xc0 | (code >> 6);
    } else {
      if (code < 0x10000) {
        target[size++] = 0xe0 | (code >> 12);
      } else {
        target[size++] = 0xf0 | (code >> 18);
        target[size++] = 0x80 | ((code >> 12) & 0x3f);
      }
      target[size++] = 0x80 | ((code >> 6) & 0x3f);
    }
    target[size++] = 0x80 | (code & 0x3f);
  }
  return size;
}

/** UTF-8 bytes of `text`. */
export function utf8Bytes(text: string): Uint8Array {
  const scratch = new Uint8Array(text.length * 3);
  return scratch.slice(0, writeUtf8(text, scratch));
}

/**
 * The code point that starts at `offset`, or −1 where the bytes are no valid UTF-8 (overlong forms, surrogates and values
 * above U+10FFFF included).
 */
export function codePointAt(bytes: Uint8Array, offset: number, end: number): number {
  const lead = bytes[offset]!;
  if (lead < 0x80) return lead;
  const length = characterLength(lead);
  if (length === 1 || lead > 0xf4 || offset + length > end) return -1;
  let code = lead & (0x7f >> length);
  for (let index = offset + 1; index < offset + length; index++) {
    const byte = bytes[index]!;
    if ((byte & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (byte & 0x3f);
  }
  if (length === 2) return code >= 0x80 ? code : -1;
  if (length === 3) return code >= 0x800 && (code < 0xd800 || code > 0xdfff) ? code : -1;
  return code >= 0x10000 && code <= 0x10ffff ? code : -1;
}

/** The platform's decoder pays from so many bytes on. */
const longText = 64;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** A text that grows by single characters is kept as a list of them: beyond so many it is put aside as one. */
const partLength = 8192;

/** Bytes from `begin` to `end` as a string; each byte that is not part of a valid character becomes U+FFFD. */
export function readUtf8(bytes: Uint8Array, begin: number, end: number): string {
  if (end - begin >= longText) {
    try {
      return strict.decode(bytes.subarray(begin, end));
    } catch {
      // Not valid throughout; and the platform would count what it replaces in another way.
    }
  }
  let text = "";
  const parts: string[] = [];
  let offset = begin;
  while (offset < end) {
    if (text.length >= partLength) {
      parts.push(text);
      text = "";
    }
    const lead = bytes[offset]!;
    if (lead < 0x80) {
      text += String.fromCharCode(lead);
      offset++;
      continue;
    }
    const code = codePointAt(bytes, offset, end);
    text += code < 0 ? "\ufffd" : String.fromCodePoint(code);
    offset += code < 0 ? 1 : characterLength(lead);
  }
  return parts.length > 0 ? parts.join("") + text : text;
}

/** True when every byte from `begin` to `end` belongs to a valid character. */
export function isValidUtf8(bytes: Uint8Array, begin: number, end: number): boolean {
  for (let offset = begin; offset < end; offset += characterLength(bytes[offset]!)) {
    if (codePointAt(bytes, offset, end) < 0) return false;
  }
  return true;
}
