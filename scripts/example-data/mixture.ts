import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadImage, resizeShorterSide, type Image } from "../../packages/images/src/index.ts";
import { readBoxes } from "./boxes.ts";
import { describeBoxes, placesOf } from "./descriptions.ts";
import { emojiPictures } from "./emoji.ts";
import { folderOf, pictureOf, readJsonLines, type ExampleData, type ExampleRow } from "./example-data.ts";

interface CocoCaptions {
  images: { id: number; file_name: string }[];
  annotations: { image_id: number; caption: string }[];
}

/** Photographs are far larger than a small model looks at. */
const photographPx = 128;

/**
 * What a small model can be pretrained on: emoji in three styles with names and keywords, NLVR's boxes with what is in them, or where, and the sentences that are true of them, photographs with captions, and captions alone. Trial pairs are
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
    const told = `${concept.name}: ${concept.keywords.join(", ")}`;
    add(isUnseen ? "val" : "train", file, draw, isUnseen ? [concept.name] : [concept.name, told]);
    texts.add(told);
  }
  const { examples, draw } = await readBoxes(join(folder, "nlvr1"), "train");
  for (const [index, example] of examples.entries()) {
    // One or the other, lest there be three times as much of boxes as of emoji.
    const said = index % 2 === 0 ? describeBoxes(example.objects, [0, 1, 2]) : placesOf(example.objects);
    add("train", `boxes-${example.id}.png`, () => draw(example), example.label ? [said, example.sentence] : [said]);
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
