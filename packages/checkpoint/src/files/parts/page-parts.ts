import { failure, type Place } from "../../failure.ts";
import type { FolderHandle } from "../files.ts";
import type { PartStore } from "./part-store.ts";

/** Parts as files of a page's own storage. */
export function folderParts(folder: FolderHandle, place: Place): PartStore {
  /** What is not there is no error. */
  const file = (name: string): Promise<Blob | undefined> => folder.getFileHandle(name).then((handle) => handle.getFile(), () => undefined);
  return {
    async list() {
      const sizes = new Map<string, number>();
      // TypeScript has its iterators in a library of their own.
      for await (const name of (folder as FolderHandle & { keys(): AsyncIterable<string> }).keys()) {
        const found = await file(name);
        if (found) sizes.set(name, found.size);
      }
      return sizes;
    },
    async write(name, bytes) {
      try {
        const writable = await (await folder.getFileHandle(name, { create: true })).createWritable();
        await writable.write(bytes as Uint8Array<ArrayBuffer>);
        await writable.close();
      } catch (cause) {
        throw cannotKeep(cause, place);
      }
    },
    read: async (name, begin, end) => bytesOf(await file(name), begin, end),
    remove: (name) => folder.removeEntry(name).catch(() => {}),
    close: async () => {},
  };
}

/** Parts as answers to requests that nobody makes. */
export function cacheParts(cache: Cache, place: Place): PartStore {
  const origin = "https://parts.invalid/";
  return {
    async list() {
      const sizes = new Map<string, number>();
      for (const { url } of await cache.keys()) {
        const length = url.startsWith(origin) ? (await cache.match(url))?.headers.get("Content-Length") : undefined;
        if (length) sizes.set(url.slice(origin.length), Number(length));
      }
      return sizes;
    },
    async write(name, bytes) {
      try {
        await cache.put(origin + name, new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "Content-Length": String(bytes.length) } }));
      } catch (cause) {
        throw cannotKeep(cause, place);
      }
    },
    read: async (name, begin, end) => bytesOf(await (await cache.match(origin + name))?.blob(), begin, end),
    remove: async (name) => void (await cache.delete(origin + name)),
    close: async () => {},
  };
}

async function bytesOf(blob: Blob | undefined, begin: number, end: number): Promise<Uint8Array | undefined> {
  return blob && new Uint8Array(await blob.slice(begin, end).arrayBuffer());
}

const cannotKeep = (cause: unknown, place: Place) => failure(place, `a part of it cannot be kept in the cache (${(cause as Error).message})`, "Make room in the browser's storage, or leave `cache` out.", { cause });
