import { tileNames, type TileName } from "../kernels/matmul-tiles.ts";

/** Where the tiles of one adapter are kept from one process or visit to the next. */
export interface TileStore {
  load(): Promise<Record<string, TileName>>;
  /** Beside what others have added meanwhile. */
  add(measured: Readonly<Record<string, TileName>>): Promise<void>;
}

/** A text that outlasts the process. Reading one that is missing gives undefined. */
export interface TextFile {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Kernels that change so much that old measurements mislead start a new number. */
const version = 1;

/** JSON: `{ version, adapters: { NAME: { CLASS: TILE } } }`. What is broken, or of another version, counts as empty. */
export function tileStore(file: TextFile, adapter: string): TileStore {
  const all = async (): Promise<Record<string, Record<string, TileName>>> => {
    try {
      const parsed = JSON.parse((await file.read()) ?? "{}") as { version?: unknown; adapters?: Record<string, Record<string, TileName>> };
      return parsed.version === version && typeof parsed.adapters === "object" && parsed.adapters !== null ? parsed.adapters : {};
    } catch {
      return {};
    }
  };
  const valid = (of: Record<string, TileName> | undefined): Record<string, TileName> => Object.fromEntries(Object.entries(of ?? {}).filter(([, tile]) => tileNames.includes(tile)));
  return {
    load: async () => valid((await all())[adapter]),
    async add(measured) {
      const adapters = await all();
      await file.write(JSON.stringify({ version, adapters: { ...adapters, [adapter]: { ...valid(adapters[adapter]), ...measured } } }, undefined, 1));
    },
  };
}
