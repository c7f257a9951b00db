import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadImage, resizeShorterSide, type Image } from "../../packages/images/src/index.ts";
import { readBoxes } from "./boxes.ts";
import { emojiPictures } from "./emoji.ts";
import { folderOf, pictureOf, readJsonLines, type ExampleData, type ExampleRow } from "./example-data.ts";

interface CocoCaptions {
  images: { id: number; file_name: string }[];
  annotations: { image_id: number; caption: string }[];
}

/** Photographs are far larger than a small model looks at. */
const photographPx = 128;

/**
 * What a small model can be pretrained on: emoji in three styles with names and keywords, NLVR's boxes with the sentences that are true of them, photographs with captions, and captions alone. Trial pairs are
 * emoji of the unseen style.
 */
export async function mixture(from: string | undefined): Promise<ExampleData<"train" | "val" | "images" | "texts">> {
  const folder = folderOf("mixture", from);
  const data: ExampleData<"train" | "val" | "images" | "texts"> = { pictures: new Map(), tables: { train: [], val: [], images: [], texts: [] } };
  const { pictures, tables } = data;
  const add = (table: "train" | "val" | "images", file: string, draw: () => Image | Promise<Image>, texts: readonly string[] = []) => {
    pictures.set(file, draw);
    const rows: ExampleRow[] = table === "images" ? [{ image: pictureOf(file) }] : texts.map((text) => ({ image: pictureOf(file), text }));
    tables[table].push(...rows);
  };

  const texts = new Set<string>();
  for (const { concept, isUnseen, file, draw } of await emojiPictures(join(folder, "emoji"))) {
    add(isUnseen ? "val" : "train", file, draw, [concept.name]);
    texts.add(`${concept.name}: ${concept.keywords.join(", ")}`);
  }
  const { examples, draw } = await readBoxes(join(folder, "nlvr1"), "train");
  for (const example of examples) {
    add(example.label ? "train" : "images", `boxes-${example.id}.png`, () => draw(example), [example.sentence]);
    texts.add(example.sentence);
  }
  const { images, annotations } = JSON.parse(await readFile(join(folder, "coco-cc", "captions.json"), "utf8")) as CocoCaptions;
  for (const { id, file_name: name } of images) {
    const captions = annotations.filter(({ image_id: image }) => image === id).map(({ caption }) => caption.trim());
    const read = async (): Promise<Image> => resizeShorterSide(await loadImage(join(folder, "coco-cc", "images", name)), photographPx);
    add(captions.length > 0 ? "train" : "images", name.replace(/jpg$/, "png"), read, captions);
  }
  for (const { captions } of await readJsonLines<{ captions: string[] }>(folder, "coco-captions", "captions.jsonl")) for (const caption of captions) texts.add(caption.trim());
  tables.texts = [...texts].map((text) => ({ text }));
  return data;
}
