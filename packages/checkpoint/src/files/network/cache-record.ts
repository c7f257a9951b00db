import type { PartStore } from "../parts/part-store.ts";
import { isTold, mayBeSame, type Version } from "./version.ts";

/** What a cache knows of an address. */
export class CacheRecord {
  readonly #store: PartStore;
  readonly #base: string;
  readonly #sizes: ReadonlyMap<string, number>;
  /** The version whose parts are kept. */
  readonly version: Version | undefined;

  private constructor(store: PartStore, base: string, sizes: ReadonlyMap<string, number>, version: Version | undefined) {
    this.#store = store;
    this.#base = base;
    this.#sizes = sizes;
    this.version = version;
  }

  static async of(store: PartStore, address: string): Promise<CacheRecord> {
    const name = new URL(address).pathname.split("/").at(-1)!.replace(/[^A-Za-z0-9.-]/g, "-").replace(/^\.+/, "").slice(0, 80);
    const base = `${name || "file"}.${await digest(address)}`;
    const sizes = await store.list();
    const size = sizes.get(`${base}.json`);
    const bytes = size === undefined || size > 65536 ? undefined : await store.read(`${base}.json`, 0, size);
    return new CacheRecord(store, base, sizes, bytes && parse(bytes));
  }

  get sizes(): ReadonlyMap<string, number> {
    return this.#sizes;
  }

  /** What the names of a version's parts begin with. */
  async prefixOf(version: Version): Promise<string> {
    return `${this.#base}.${(await digest(JSON.stringify([version.etag, version.lastModified, version.sizeBytes]))).slice(0, 8)}`;
  }

  /** Makes a version the one that is kept; parts of others go. */
  async keep(version: Version): Promise<void> {
    if (this.version && mayBeSame(this.version, version)) return;
    const prefix = await this.prefixOf(version);
    for (const name of this.#sizes.keys()) if (name.startsWith(`${this.#base}.`) && !name.startsWith(prefix)) await this.#store.remove(name);
    await this.#store.write(`${this.#base}.json`, new TextEncoder().encode(JSON.stringify(version)));
  }
}

function parse(bytes: Uint8Array): Version | undefined {
  try {
    const { etag, lastModified, sizeBytes } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Record<keyof Version, unknown>>;
    const version: Version = { etag: typeof etag === "string" ? etag : undefined, lastModified: typeof lastModified === "string" ? lastModified : undefined, sizeBytes: Number.isSafeInteger(sizeBytes) && (sizeBytes as number) >= 0 ? (sizeBytes as number) : undefined };
    return isTold(version) ? version : undefined;
  } catch {
    return undefined;
  }
}

/** Sixteen characters that stand for a text. */
async function digest(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
