import type { FolderHandle } from "@multiway/checkpoint";

/** A folder whose files are in memory: for `writeModelFolder` in a page that hands the files out, and for `loadBeit3`. */
export function memoryFolder(): FolderHandle & { files: Map<string, Uint8Array<ArrayBuffer>> } {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    files,
    async getFileHandle(name, { create = false } = {}) {
      if (!create && !files.has(name)) throw new Error(`${name} is not there.`);
      return {
        name,
        getFile: async () => new Blob([files.get(name) ?? new Uint8Array()]),
        async createWritable() {
          const parts: Uint8Array<ArrayBuffer>[] = [];
          return {
            write: async (data) => void parts.push(data.slice()),
            close: async () => void files.set(name, new Uint8Array(await new Blob(parts).arrayBuffer())),
            abort: async () => {},
          };
        },
      };
    },
    removeEntry: async (name) => void files.delete(name),
  };
}
