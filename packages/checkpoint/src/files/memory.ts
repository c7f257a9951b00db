import type { ByteSource } from "./files.ts";

/** Bytes that are already in memory: reading gives views. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { sizeBytes: bytes.length, read: async (begin, end) => bytes.subarray(begin, end), close: async () => {} };
}

/** A blob, which browsers keep on disk when it is large. */
export function blobSource(blob: Blob): ByteSource {
  return withWindow({ sizeBytes: blob.size, read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()), close: async () => {} });
}

const windowBytes = 256 * 1024;

/** A source of which each read takes milliseconds: what lies behind something small is read along with it. */
export function withWindow(source: ByteSource): ByteSource {
  const { sizeBytes } = source;
  let window: { begin: number; bytes: Uint8Array } = { begin: 0, bytes: new Uint8Array() };
  return {
    sizeBytes,
    async read(begin, end, scratch) {
      if (end - begin > windowBytes / 4) return source.read(begin, end, scratch);
      let known = window;
      if (begin < known.begin || end > known.begin + known.bytes.length) known = window = { begin, bytes: await source.read(begin, Math.min(sizeBytes, begin + windowBytes)) };
      // A tensor of its own, not a view that keeps the window.
      return known.bytes.slice(begin - known.begin, end - known.begin);
    },
    close: () => source.close(),
  };
}
