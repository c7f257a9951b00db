import { isAddress, openFile } from "#files";
import type { Place } from "../failure.ts";
import { isFileHandle, type ByteSource, type CheckpointSource, type SourceOptions } from "./files.ts";
import { blobSource, bytesSource } from "./memory.ts";

/** Bytes of whatever a checkpoint may be read from. */
export async function openBytes(source: CheckpointSource, place: Place, options: SourceOptions): Promise<ByteSource> {
  options.signal?.throwIfAborted();
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof Blob) return blobSource(source);
  if (source instanceof ReadableStream) return (await import("./network/index.ts")).openStream(source, place, options);
  if (isFileHandle(source)) return blobSource(await source.getFile());
  return isAddress(String(source)) ? (await import("./network/index.ts")).openAddress(String(source), place, options) : openFile(source, place);
}
