/**
 * Makes the emoji set of the demo from sheets of larger tiles.
 *
 *     tsx --conditions=@multiway/source scripts/make-emoji-sheets.ts SOURCE_FOLDER apps/cli/data/emoji
 *
 * SOURCE_FOLDER holds, for every style, `base-<style>.png` (tiles in reading order), `base-<style>.json` (style, tile, columns, ids),
 * and `concepts.jsonl` (one object a line: id, emoji, group, name, keywords). Each tile is halved by itself, so that neighbours do not
 * bleed into each other, and the sheets are stored without loss.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
// By path: the root depends on no package of the workspace.
import { createImage, crop, loadImage, paste, resize } from "../packages/images/src/index.ts";

/** The part of sharp that is used; it is a dependency of the package, not of the root. */
type Sharp = (pixels: Uint8Array, options: { raw: { width: number; height: number; channels: 3 } }) => {
  webp(options: { lossless: boolean; quality: number; effort: number }): { toBuffer(): Promise<Uint8Array> };
};
const sharp = createRequire(new URL("../packages/images/package.json", import.meta.url))("sharp") as Sharp;

const styles = ["noto", "twemoji", "emojitwo", "blob"];
const tile = 32;
const columns = 32;

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error("make-emoji-sheets: give the source folder and the target folder.");
await mkdir(target, { recursive: true });

for (const style of styles) {
  const index = JSON.parse(await readFile(join(source, `base-${style}.json`), "utf8")) as { tile: number; columns: number; ids: string[] };
  const large = await loadImage(join(source, `base-${style}.png`));
  const made = createImage(columns * tile, Math.ceil(index.ids.length / columns) * tile, 3, 255);
  index.ids.forEach((_, at) => {
    const cell = crop(large, { left: (at % index.columns) * index.tile, top: Math.floor(at / index.columns) * index.tile, width: index.tile, height: index.tile });
    // Hamming is as sharp as bicubic but never overshoots, which keeps white backgrounds white and files small.
    paste(made, resize(cell, { width: tile, height: tile, filter: "hamming" }), { left: (at % columns) * tile, top: Math.floor(at / columns) * tile });
  });
  const file = await sharp(made.data, { raw: { width: made.width, height: made.height, channels: 3 } }).webp({ lossless: true, quality: 100, effort: 6 }).toBuffer();
  await writeFile(join(target, `${style}.webp`), file);
  await writeFile(join(target, `${style}.json`), `${JSON.stringify({ style, tile, columns, ids: index.ids })}\n`);
  console.log(`${style}: ${index.ids.length} pictures, ${file.length} bytes`);
}

const concepts = (await readFile(join(source, "concepts.jsonl"), "utf8"))
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => JSON.parse(line) as { id: string; emoji: string; group: string; name: string; keywords: string[] })
  .filter(({ group }) => group === "base")
  .map(({ id, emoji, name, keywords }) => JSON.stringify({ id, emoji, name, keywords }));
await writeFile(join(target, "concepts.json"), `[\n${concepts.join(",\n")}\n]\n`);
console.log(`${concepts.length} concepts`);
