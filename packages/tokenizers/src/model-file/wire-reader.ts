import { TokenizerError } from "@multiway/errors";
import { isValidUtf8, readUtf8 } from "../text/utf8.ts";

/** Wire types of protocol buffers that occur in practice. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/**
 * Reads one protocol-buffers message, field by field, and never past its end.
 *
 * Lengths in the file are only ever compared with what is there; nothing is allocated by them.
 * Source: protobuf.dev, "Encoding".
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  readonly #path: string;
  #offset: number;
  #fieldStart = 0;
  #low = 0;
  /** Number of the field that {@link next} found. */
  field = 0;
  /** Wire type of that field. */
  type = 0;

  /** @param path where this message stands, for messages: `model`, `pieces[3]` */
  constructor(bytes: Uint8Array, path: string, begin = 0, end = bytes.length, view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)) {
    this.#bytes = bytes;
    this.#view = view;
    this.#path = path;
    this.#offset = begin;
    this.#end = end;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#offset >= this.#end) return false;
    this.#fieldStart = this.#offset;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.type = tag % 8;
    if (this.field === 0 || this.field > 0x1fffffff) throw this.#error(`field number ${this.field} at byte ${this.#fieldStart}; numbers are 1 to 536870911`);
    if (this.type !== wireType.varint && this.type !== wireType.fixed64 && this.type !== wireType.bytes && this.type !== wireType.fixed32) {
      throw this.#error(`wire type ${this.type} at byte ${this.#fieldStart}; types 0, 1, 2 and 5 are accepted`);
    }
    return true;
  }

  /** A signed 32-bit number or an enumeration. */
  int32(name: string): number {
    this.#expect(wireType.varint, name);
    this.#varint();
    return this.#low | 0;
  }

  boolean(name: string): boolean {
    this.#expect(wireType.varint, name);
    return this.#varint() !== 0;
  }

  float(name: string): number {
    this.#expect(wireType.fixed32, name);
    const offset = this.#take(4);
    return this.#view.getFloat32(offset, true);
  }

  /** A view of the field's bytes, not a copy. */
  bytes(name: string): Uint8Array {
    const [begin, end] = this.#span(name);
    return this.#bytes.subarray(begin, end);
  }

  string(name: string): string {
    const [begin, end] = this.#span(name);
    if (!isValidUtf8(this.#bytes, begin, end)) throw this.#error(`${name} at byte ${begin} is not valid UTF-8`);
    return readUtf8(this.#bytes, begin, end);
  }

  /** A reader of the message inside this field. */
  message(name: string): WireReader {
    const [begin, end] = this.#span(name);
    return new WireReader(this.#bytes, this.#path === "" ? name : `${this.#path}.${name}`, begin, end, this.#view);
  }

  /** Skips the field and returns its bytes, tag included, so that a writer can put them back. */
  skip(): Uint8Array {
    if (this.type === wireType.varint) this.#varint();
    else if (this.type === wireType.fixed64) this.#take(8);
    else if (this.type === wireType.fixed32) this.#take(4);
    else this.#take(this.#varint());
    return this.#bytes.subarray(this.#fieldStart, this.#offset);
  }

  #span(name: string): [number, number] {
    this.#expect(wireType.bytes, name);
    const length = this.#varint();
    const begin = this.#take(length);
    return [begin, begin + length];
  }

  #expect(type: number, name: string): void {
    if (this.type !== type) throw this.#error(`${name} at byte ${this.#fieldStart} has wire type ${this.type}; ${type} is expected`);
  }

  #take(length: number): number {
    const begin = this.#offset;
    if (length > this.#end - begin) {
      throw this.#error(`a field at byte ${this.#fieldStart} claims ${length} bytes, but ${this.#end - begin} are left`);
    }
    this.#offset = begin + length;
    return begin;
  }

  /** Up to ten bytes of seven bits. The value is exact below 2⁵³; its low 32 bits stand in #low, for negative numbers. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const bits = this.#bytes[this.#take(1)]!;
      const value = bits & 0x7f;
      if (shift < 28) low += value * 2 ** shift;
      else if (shift === 28) {
        low += (value & 0x0f) * 2 ** 28;
        high = value >> 4;
      } else high += value * 2 ** (shift - 32);
      if (bits < 0x80) {
        this.#low = low;
        return high * 4294967296 + low;
      }
    }
    throw this.#error(`a number at byte ${this.#fieldStart} is longer than 10 bytes`);
  }

  #error(problem: string): TokenizerError {
    const place = this.#path === "" ? "" : ` (in ${this.#path})`;
    return new TokenizerError(
      `parseSentencePieceModel: ${problem}${place}; a SentencePiece .model file is expected. The file may be truncated, or not a SentencePiece model.`,
      { details: { path: this.#path, offset: this.#offset, sizeBytes: this.#bytes.length } },
    );
  }
}
