import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { defaultDataFolder } from "../default-data-folder.ts";

/** Writes a few emoji of every style into a folder, as a data set of their own. */
export async function smallSet(folder: string, count: number): Promise<void> {
  const concepts = JSON.parse(await readFile(join(defaultDataFolder, "concepts.json"), "utf8")) as { id: string }[];
  const chosen = concepts.slice(100, 100 + count);
  await writeFile(join(folder, "concepts.json"), JSON.stringify(chosen));
  for (const style of ["noto", "twemoji", "emojitwo", "blob"]) {
    const index = JSON.parse(await readFile(join(defaultDataFolder, `${style}.json`), "utf8")) as { tile: number; columns: number; ids: string[] };
    const ids = chosen.map(({ id }) => id).filter((id) => index.ids.includes(id));
    const tiles = ids.map((id, place) => ({ place, from: index.ids.indexOf(id) }));
    const sheet = sharp(join(defaultDataFolder, `${style}.webp`));
    const cut = await Promise.all(
      tiles.map(async ({ place, from }) => ({
        input: await sheet.clone().extract({ left: (from % index.columns) * index.tile, top: Math.floor(from / index.columns) * index.tile, width: index.tile, height: index.tile }).png().toBuffer(),
        left: place * index.tile,
        top: 0,
      })),
    );
    await sharp({ create: { width: ids.length * index.tile, height: index.tile, channels: 3, background: "#fff" } }).composite(cut).webp({ lossless: true }).toFile(join(folder, `${style}.webp`));
    await writeFile(join(folder, `${style}.json`), JSON.stringify({ ...index, columns: ids.length, count: ids.length, ids }));
  }
}
