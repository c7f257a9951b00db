import type { ByteSource } from "./files.ts";

/** Bytes that are already in memory: reading gives views. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: async (begin, end) => bytes.subarray(begin, end), close: async () => {} };
}

/** A blob, which browsers keep on disk when it is large. */
export function blobSource(blob: Blob): ByteSource {
  return { sizeBytes: blob.size, read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()), close: async () => {} };
}
