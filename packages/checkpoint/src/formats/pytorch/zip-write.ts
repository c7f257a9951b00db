import type { WriteBytes } from "../../files/files.ts";
import { crc32 } from "./crc32.ts";

/** PyTorch maps storages into memory, and wants them aligned. */
const alignment = 64;
/** Says that a number stands among those of 64 bits. */
const elsewhere = 0xffffffff;

interface Written {
  name: Uint8Array;
  crc: number;
  size: number;
  offset: number;
}

/** Writes a zip archive of stored files, one behind the other; with 64-bit records where sizes ask for them (PKWARE's APPNOTE 6.3). */
export class ZipWriter {
  readonly #write: WriteBytes;
  readonly #entries: Written[] = [];
  readonly #limit: number;
  #position = 0;

  /** @param limit  numbers from here on get 64 bits; tests lower it. Default: those that 32 bits cannot hold */
  constructor(write: WriteBytes, { limit = elsewhere }: { limit?: number } = {}) {
    this.#write = write;
    this.#limit = limit;
  }

  async add(fileName: string, bytes: Uint8Array): Promise<void> {
    const name = new TextEncoder().encode(fileName);
    const entry: Written = { name, crc: crc32(bytes), size: bytes.length, offset: this.#position };
    const long = entry.size >= this.#limit ? sizes64([entry.size, entry.size]) : new Uint8Array();
    const begin = this.#position + 30 + name.length + long.length;
    // An extra field of PyTorch's own fills the space; it takes 4 bytes itself.
    const padding = alignment - ((begin + 4) % alignment || alignment);
    const extra = fields(30 + name.length + long.length + 4 + padding, (view) => {
      this.#header(view, 0x04034b50, 0, entry);
      view.setUint16(28, long.length + 4 + padding, true);
      const at = 30 + name.length + long.length;
      view.setUint16(at, 0x4246, true);
      view.setUint16(at + 2, padding, true);
    });
    extra.set(name, 30);
    extra.set(long, 30 + name.length);
    await this.#put(extra);
    await this.#put(bytes);
    this.#entries.push(entry);
  }

  /** Writes the directory. */
  async finish(): Promise<void> {
    const begin = this.#position;
    for (const entry of this.#entries) {
      const large = [entry.size, entry.size, entry.offset].filter((value) => value >= this.#limit);
      const long = large.length > 0 ? sizes64(large) : new Uint8Array();
      const record = fields(46 + entry.name.length + long.length, (view) => {
        this.#header(view, 0x02014b50, 2, entry);
        view.setUint16(4, 45, true);
        view.setUint16(30, long.length, true);
        view.setUint32(42, this.#short(entry.offset), true);
      });
      record.set(entry.name, 46);
      record.set(long, 46 + entry.name.length);
      await this.#put(record);
    }
    const size = this.#position - begin;
    const count = this.#entries.length;
    if (begin >= this.#limit || size >= this.#limit || count >= 0xffff) {
      const at = this.#position;
      await this.#put(fields(56, (view) => {
        view.setUint32(0, 0x06064b50, true);
        view.setBigUint64(4, 44n, true);
        view.setUint16(12, 45, true);
        view.setUint16(14, 45, true);
        for (const [place, value] of [[24, count], [32, count], [40, size], [48, begin]] as const) view.setBigUint64(place, BigInt(value), true);
      }));
      await this.#put(fields(20, (view) => {
        view.setUint32(0, 0x07064b50, true);
        view.setBigUint64(8, BigInt(at), true);
        view.setUint32(16, 1, true);
      }));
    }
    await this.#put(fields(22, (view) => {
      view.setUint32(0, 0x06054b50, true);
      view.setUint16(8, Math.min(count, 0xffff), true);
      view.setUint16(10, Math.min(count, 0xffff), true);
      view.setUint32(12, this.#short(size), true);
      view.setUint32(16, this.#short(begin), true);
    }));
  }

  /** What local headers and directory records share; in the latter it stands `shift` bytes further on. */
  #header(view: DataView, signature: number, shift: number, { crc, size, name }: Written): void {
    view.setUint32(0, signature, true);
    view.setUint16(4 + shift, size >= this.#limit ? 45 : 20, true);
    // Names are UTF-8; 1 January 1980, so that equal tensors give equal files.
    view.setUint16(6 + shift, 0x0800, true);
    view.setUint16(12 + shift, 0x21, true);
    view.setUint32(14 + shift, crc, true);
    view.setUint32(18 + shift, this.#short(size), true);
    view.setUint32(22 + shift, this.#short(size), true);
    view.setUint16(26 + shift, name.length, true);
  }

  #short(value: number): number {
    return value >= this.#limit ? elsewhere : value;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    await this.#write(bytes);
    this.#position += bytes.length;
  }
}

/** The extra field for numbers that 32 bits cannot hold. */
const sizes64 = (values: readonly number[]): Uint8Array =>
  fields(4 + 8 * values.length, (view) => {
    view.setUint16(0, 1, true);
    view.setUint16(2, 8 * values.length, true);
    values.forEach((value, index) => view.setBigUint64(4 + 8 * index, BigInt(value), true));
  });

function fields(length: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  fill(new DataView(bytes.buffer));
  return bytes;
}
