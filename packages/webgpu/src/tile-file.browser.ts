import type { TextFile } from "./device/tile-store.ts";

/** A name within Cache Storage, which pages and workers share; nothing is fetched from it. */
const address = "https://multiway.invalid/webgpu-tiles.json";

/** An entry of the origin's Cache Storage, which workers have too. Where there is none, nothing is kept. */
export function tileFile(): TextFile {
  const cache = (): Promise<Cache> | undefined => (globalThis as { caches?: CacheStorage }).caches?.open("multiway");
  return {
    read: async () => (await (await cache())?.match(address))?.text(),
    write: async (text) => (await cache())?.put(address, new Response(text)),
  };
}
