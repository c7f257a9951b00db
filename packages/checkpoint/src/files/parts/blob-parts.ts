import type { PartStore } from "./part-store.ts";

/** Parts as blobs, which browsers keep on disk when they are many. */
export function blobParts(): PartStore {
  const blobs = new Map<string, Blob>();
  return {
    list: async () => new Map([...blobs].map(([name, { size }]) => [name, size])),
    write: async (name, bytes) => void blobs.set(name, new Blob([bytes as Uint8Array<ArrayBuffer>])),
    read: async (name, begin, end) => {
      const buffer = await blobs.get(name)?.slice(begin, end).arrayBuffer();
      return buffer && new Uint8Array(buffer);
    },
    remove: async (name) => void blobs.delete(name),
    close: async () => blobs.clear(),
  };
}
