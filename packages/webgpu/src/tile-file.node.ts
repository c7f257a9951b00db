import type { TextFile } from "./device/tile-store.ts";

/** `webgpu-tiles.json` in the user's cache folder. Written under another name and renamed, so that readers see all of it or nothing. */
export function tileFile(): TextFile {
  const place = async (): Promise<string> => {
    const [{ join }, { homedir }, { env }] = await Promise.all([import("node:path"), import("node:os"), import("node:process")]);
    return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "multiway", "webgpu-tiles.json");
  };
  return {
    async read() {
      const { readFile } = await import("node:fs/promises");
      return readFile(await place(), "utf8").catch(() => undefined);
    },
    async write(text) {
      const [{ mkdir, rename, rm, writeFile }, { dirname }, { randomUUID }] = await Promise.all([import("node:fs/promises"), import("node:path"), import("node:crypto")]);
      const target = await place();
      const temporary = `${target}.${randomUUID()}`;
      await mkdir(dirname(target), { recursive: true });
      try {
        await writeFile(temporary, text);
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
  };
}
