import { writeUtf8 } from "../text/utf8.ts";
import { wireType } from "./wire-reader.ts";

/** Writes one protocol-buffers message into a buffer that grows. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #size = 0;

  int32(field: number, value: number): void {
    this.#tag(field, wireType.varint);
    // A negative int32 is written as a 64-bit number: ten bytes.
    if (value >= 0) this.#varint(value);
    else {
      this.#reserve(10);
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest > 127n; rest >>= 7n) this.#bytes[this.#size++] = Number(rest & 127n) | 0x80;
      this.#bytes[this.#size++] = Number(rest);
    }
  }

  boolean(field: number, value: boolean): void {
    this.int32(field, value ? 1 : 0);
  }

  float(field: number, value: number): void {
    this.#tag(field, wireType.fixed32);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#size, value, true);
    this.#size += 4;
  }

  string(field: number, value: string): void {
    const scratch = new Uint8Array(value.length * 3);
    this.bytes(field, scratch.subarray(0, writeUtf8(value, scratch)));
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, wireType.bytes);
    this.#varint(value.length);
    this.raw(value);
  }

  /** Appends fields that are already encoded. */
  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#size);
    this.#size += value.length;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    this.#reserve(10);
    for (; value > 127; value = Math.floor(value / 128)) this.#bytes[this.#size++] = (value % 128) | 0x80;
    this.#bytes[this.#size++] = value;
  }

  #reserve(count: number): void {
    if (this.#size + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#size + count));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
  }
}
