import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultDataFolder } from "../../apps/cli/src/default-data-folder.ts";
import { emojiStyles, readEmoji, type EmojiConcept } from "../../packages/data/src/index.ts";
import { crop, loadImage, type Image } from "../../packages/images/src/index.ts";
import { pictureOf, readJsonLines, type ExampleData } from "./example-data.ts";

const unseenStyle = "blob";

export interface EmojiPicture {
  concept: EmojiConcept;
  style: string;
  isUnseen: boolean;
  file: string;
  draw: () => Image;
}

/** Emoji and their names, for retrieval; one style is seen in trial only. */
export const emojiNames = async (from: string | undefined): Promise<ExampleData> => await emoji(from, "text");

/** The same for captioning. */
export const emojiCaptions = async (from: string | undefined): Promise<ExampleData> => await emoji(from, "caption");

async function emoji(from: string | undefined, column: "text" | "caption"): Promise<ExampleData> {
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const { concept, isUnseen, file, draw } of await emojiPictures(from)) {
    data.pictures.set(file, draw);
    data.tables[isUnseen ? "val" : "train"].push({ image: pictureOf(file), [column]: concept.name });
  }
  return data;
}

/** All emoji pictures: those that the CLI comes with, or those of a folder with `base-<style>.png`, `base-<style>.json` and `concepts.jsonl`. */
export async function emojiPictures(from: string | undefined): Promise<EmojiPicture[]> {
  const { concepts, styles } = from === undefined ? await readEmoji(defaultDataFolder) : await readSheets(from);
  const byId = new Map(concepts.map((concept) => [concept.id, concept]));
  return [...styles.values()].flatMap((style) =>
    style.ids.map((id) => ({ concept: byId.get(id)!, style: style.name, isUnseen: style.name === unseenStyle, file: `${style.name}-${id}.png`, draw: () => style.image(id) })),
  );
}

interface Sheet {
  name: string;
  ids: string[];
  image(id: string): Image;
}

async function readSheets(folder: string): Promise<{ concepts: EmojiConcept[]; styles: Map<string, Sheet> }> {
  const concepts = await readJsonLines<EmojiConcept & { group: string }>(folder, "concepts.jsonl");
  const styles = await Promise.all(
    emojiStyles.map(async (name) => {
      const { tile, columns, ids } = JSON.parse(await readFile(join(folder, `base-${name}.json`), "utf8")) as { tile: number; columns: number; ids: string[] };
      const sheet = await loadImage(join(folder, `base-${name}.png`));
      const places = new Map(ids.map((id, place) => [id, place]));
      const image = (id: string): Image => crop(sheet, { left: (places.get(id)! % columns) * tile, top: Math.floor(places.get(id)! / columns) * tile, width: tile, height: tile });
      return { name, ids, image };
    }),
  );
  return { concepts: concepts.filter(({ group }) => group === "base"), styles: new Map(styles.map((style) => [style.name, style])) };
}
