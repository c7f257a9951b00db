import { defaultDataFolder } from "../../apps/cli/src/default-data-folder.ts";
import { readEmoji } from "../../apps/cli/src/emoji/read-emoji.ts";
import { pictureOf, type ExampleData } from "./example-data.ts";

const unseenStyle = "blob";

/** Emoji and their names, for retrieval; one style is seen in trial only. */
export const emojiNames = async (from: string | undefined): Promise<ExampleData> => await emoji(from, "text");

/** The same for captioning. */
export const emojiCaptions = async (from: string | undefined): Promise<ExampleData> => await emoji(from, "caption");

async function emoji(from: string | undefined, column: "text" | "caption"): Promise<ExampleData> {
  const { concepts, styles } = await readEmoji(from ?? defaultDataFolder);
  const names = new Map(concepts.map(({ id, name }) => [id, name]));
  const data: ExampleData = { pictures: new Map(), splits: { train: [], val: [] } };
  for (const style of styles.values()) {
    for (const id of style.ids) {
      const file = `${style.name}-${id}.png`;
      data.pictures.set(file, () => style.image(id));
      data.splits[style.name === unseenStyle ? "val" : "train"].push({ image: pictureOf(file), [column]: names.get(id)! });
    }
  }
  return data;
}
