/** What is loaded when a checkpoint comes from an address or a stream, and not before. */
import { openCache, openTemporary } from "#files";
import { CheckpointError } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import type { ByteSource, SourceOptions } from "../files.ts";
import { blobSource, withWindow } from "../memory.ts";
import { keepStream, keptParts, partBytes, PartedSource } from "../parts/parted-source.ts";
import type { PartStore } from "../parts/part-store.ts";
import { within } from "./broken.ts";
import { CacheRecord } from "./cache-record.ts";
import { Connection, type Reply } from "./connection.ts";
import { collect, RangeSource, windowBytes } from "./range-source.ts";
import { isTold, mayBeSame } from "./version.ts";

/**
 * A file at an address. Where the server gives parts, only those are asked for that are read; otherwise all of it is kept for the while, on disk in Node.
 *
 * With a cache, what it has is read there if the server says that it is the same version, or cannot be reached.
 */
export async function openAddress(source: string, place: Place, options: SourceOptions): Promise<ByteSource> {
  if (/^(data|blob):/i.test(source)) return blobSource(await localBlob(source, place));
  const { location } = globalThis as { location?: { href: string } };
  const address = new URL(source, location?.href).href;
  const store = options.cache === undefined ? undefined : await openCache(options.cache, place);
  const record = store && (await CacheRecord.of(store, address));
  const connection = new Connection(address, place, options);
  let first: Reply;
  try {
    first = await connection.open(0, record?.version ? 1 : windowBytes);
  } catch (error) {
    const kept = store && record?.version && (await fromCacheAlone(store, record, place));
    if (!kept || options.signal?.aborted || !isUnreachable(error)) throw error;
    return kept;
  }
  const { version } = first;
  const isKept = store && record && isTold(version);
  if (isKept) await record.keep(version);
  const parted = isKept && { store, prefix: await record.prefixOf(version), sizeBytes: version.sizeBytes!, place };
  const kept = parted && record.version && mayBeSame(record.version, version) ? keptParts(record.sizes, parted.prefix, parted.sizeBytes) : [];
  if (first.isPartial && version.sizeBytes !== undefined) {
    const ranges = new RangeSource(connection, version.sizeBytes, await collect(connection.bytes(0, Math.min(version.sizeBytes, record?.version ? 1 : windowBytes), first)));
    return parted ? withWindow(new PartedSource({ ...parted, kept, upstream: ranges })) : ranges;
  }
  if (parted && kept.length === Math.ceil(parted.sizeBytes / partBytes)) {
    first.cancel();
    return withWindow(new PartedSource({ ...parted, kept }));
  }
  // Its size is hidden from this page; a whole answer tells nothing more, but ends.
  const whole = first.isPartial ? undefined : first;
  if (!whole) first.cancel();
  return keepWhole(parted ? store : await openTemporary(place), parted ? parted.prefix : "file", connection.bytes(0, Infinity, whole), place);
}

async function localBlob(source: string, place: Place): Promise<Blob> {
  try {
    return await (await fetch(source)).blob();
  } catch (cause) {
    throw failure(place, `the address cannot be read (${(cause as Error).message})`, "Check it; an object's address ends with URL.revokeObjectURL.", { cause });
  }
}

/** A stream, which is kept for the while: on disk in Node, in blobs in pages. */
export async function openStream(stream: ReadableStream<Uint8Array>, place: Place, { signal, onProgress }: SourceOptions): Promise<ByteSource> {
  if (stream.locked) throw failure(place, "the stream is being read by somebody else", "Hand in one that has no reader; `tee` makes two of one.");
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const reader = stream.getReader();
    let receivedBytes = 0;
    try {
      for (;;) {
        const { done, value } = await within(reader.read(), { signal });
        if (done) return;
        if (!(value instanceof Uint8Array)) throw failure(place, `the stream gives a ${typeof value}`, "Hand in a stream of Uint8Array.");
        receivedBytes += value.length;
        onProgress?.({ receivedBytes, totalBytes: undefined });
        yield value;
      }
    } catch (cause) {
      // Its owner learns why nobody reads on.
      reader.cancel(cause).catch(() => {});
      if (signal?.aborted || CheckpointError.isInstance(cause)) throw cause;
      throw failure(place, `the stream broke off after ${receivedBytes} bytes (${(cause as Error)?.message ?? String(cause)})`, "Try again with a new one.", { cause });
    }
  }
  return keepWhole(await openTemporary(place), "file", chunks(), place);
}


async function keepWhole(store: PartStore, prefix: string, chunks: AsyncIterable<Uint8Array>, place: Place): Promise<ByteSource> {
  try {
    const sizeBytes = await keepStream(store, prefix, chunks);
    return withWindow(new PartedSource({ store, prefix, sizeBytes, kept: Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => index), place }));
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function fromCacheAlone(store: PartStore, record: CacheRecord, place: Place): Promise<ByteSource | undefined> {
  const version = record.version!;
  const prefix = await record.prefixOf(version);
  const kept = keptParts(record.sizes, prefix, version.sizeBytes!);
  return kept.length === Math.ceil(version.sizeBytes! / partBytes) ? withWindow(new PartedSource({ store, prefix, sizeBytes: version.sizeBytes!, kept, place })) : undefined;
}

/** Not one that says no. */
const isUnreachable = (error: unknown): boolean => CheckpointError.isInstance(error) && !("status" in error.details);
