import { failure, type Place } from "../../failure.ts";
import { room, type ByteSource } from "../files.ts";
import type { PartStore } from "./part-store.ts";

/** Small enough to be held while it comes, large enough to be few. */
export const partBytes = 8 * 2 ** 20;

/** The name of a part, counted from 0. */
export const partName = (prefix: string, index: number): string => `${prefix}.${String(index).padStart(5, "0")}`;

/** The bytes of a file that is kept in parts; those that are missing come from where it was, and are kept then. */
export class PartedSource implements ByteSource {
  readonly sizeBytes: number;
  readonly #store: PartStore;
  readonly #prefix: string;
  readonly #kept: Set<number>;
  readonly #place: Place;
  readonly #upstream: ByteSource | undefined;

  /** @param kept  the parts that the store has */
  constructor({ store, prefix, sizeBytes, kept, place, upstream }: { store: PartStore; prefix: string; sizeBytes: number; kept: Iterable<number>; place: Place; upstream?: ByteSource | undefined }) {
    this.sizeBytes = sizeBytes;
    this.#store = store;
    this.#prefix = prefix;
    this.#kept = new Set(kept);
    this.#place = place;
    this.#upstream = upstream;
  }

  async read(begin: number, end: number, scratch?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const result = room(end - begin, scratch);
    for (let at = begin; at < end; ) {
      const index = Math.floor(at / partBytes);
      const start = index * partBytes;
      const stop = Math.min(end, start + partBytes);
      result.set(await this.#part(index, at - start, stop - start), at - begin);
      at = stop;
    }
    return result;
  }

  async #part(index: number, from: number, to: number): Promise<Uint8Array> {
    const name = partName(this.#prefix, index);
    if (this.#kept.has(index)) {
      const bytes = await this.#store.read(name, from, to);
      if (bytes) return bytes;
    }
    // Somebody emptied the cache in the meantime, or the part was never there.
    if (!this.#upstream) throw failure(this.#place, `part ${index} of it is gone from where it was kept`, "Open it anew.");
    const start = index * partBytes;
    const bytes = await this.#upstream.read(start, Math.min(this.sizeBytes, start + partBytes));
    await this.#store.write(name, bytes);
    this.#kept.add(index);
    return bytes.subarray(from, to);
  }

  async close(): Promise<void> {
    await this.#upstream?.close();
    await this.#store.close();
  }
}

/** Which parts of a file a store has in full. */
export function keptParts(sizes: ReadonlyMap<string, number>, prefix: string, sizeBytes: number): number[] {
  const count = Math.ceil(sizeBytes / partBytes);
  return Array.from({ length: count }, (_, index) => index).filter((index) => sizes.get(partName(prefix, index)) === Math.min(partBytes, sizeBytes - index * partBytes));
}

/**
 * Keeps all of a stream.
 *
 * @returns its size in bytes
 */
export async function keepStream(store: PartStore, prefix: string, stream: AsyncIterable<Uint8Array>): Promise<number> {
  const part = new Uint8Array(partBytes);
  let index = 0;
  let filled = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, partBytes - filled);
      part.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < partBytes) continue;
      await store.write(partName(prefix, index++), part);
      filled = 0;
    }
  }
  if (filled > 0) await store.write(partName(prefix, index), part.subarray(0, filled));
  return index * partBytes + filled;
}
