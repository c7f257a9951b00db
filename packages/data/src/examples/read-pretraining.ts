import { DataError, formatList } from "@multiway/errors";
import type { DataFolder } from "../folders/data-folder.ts";
import { readTable, tableExtensions } from "../tables/read-table.ts";
import type { Row, RowPlace } from "../tables/row.ts";
import type { ExampleText, RetrievalExample } from "./example.ts";
import { readDataset } from "./read-dataset.ts";

export interface PictureExample extends RowPlace {
  /** Path of a picture in the folder. */
  image: string;
}

export interface TextExample extends RowPlace {
  text: ExampleText;
}

/** What a model is pretrained on: pictures, texts, and pairs of them. */
export interface PretrainingExamples {
  /** Those of `images.csv` or `images.jsonl`, and each picture of a pair once. */
  images: PictureExample[];
  /** Those of `texts.csv` or `texts.jsonl`, and each different text of a pair once. */
  texts: TextExample[];
  pairs: RetrievalExample[];
}

/**
 * Reads data for pretraining: pairs from `train.csv` or `train.jsonl`, as for retrieval (columns `image` and `text`), more pictures from `images.csv`, `.tsv` or `.jsonl` (column `image`), and more texts
 * from `texts.csv`, `.tsv` or `.jsonl` (column `text`).
 *
 * @throws DataError naming file, line and remedy: no pairs, a missing picture, an unknown column, an empty text
 */
export async function readPretraining(folder: DataFolder): Promise<PretrainingExamples> {
  const pairs = await readDataset("retrieval", folder, { split: "train" });
  if (!pairs) {
    throw new DataError(`readPretraining: ${folder.name} has no pairs of pictures and texts; it begins with ${formatList(folder.paths.slice(0, 4))}; expected train.csv or train.jsonl with columns image and text. Check the path, or write the pairs.`, { details: { folder: folder.name } });
  }
  const there = new Set(folder.paths);
  const images: PictureExample[] = (await rowsOf(folder, "images")).map((row) => {
    row.checkColumns({ required: ["image"] });
    const path = row.text("image");
    if (!there.has(path)) throw row.error(`column "image" names ${JSON.stringify(path)}, which is not in ${folder.name}`, "Put it there, or remove the row.");
    return { file: row.file, line: row.line, image: path };
  });
  const texts: TextExample[] = (await rowsOf(folder, "texts")).map((row) => {
    row.checkColumns({ required: ["text"] });
    return { file: row.file, line: row.line, text: row.text("text") };
  });
  return withPairs({ images, texts }, pairs);
}

/** Pairs of pictures and texts as data for pretraining: each picture and each different text once beside them. */
export const pretrainingExamples = (pairs: RetrievalExample[]): PretrainingExamples => withPairs({ images: [], texts: [] }, pairs);

const withPairs = ({ images, texts }: Omit<PretrainingExamples, "pairs">, pairs: RetrievalExample[]): PretrainingExamples => ({
  images: [...images, ...firstOf(pairs, ({ image }) => image)],
  texts: [...texts, ...firstOf(pairs, ({ text }) => String(text))],
  pairs,
});

async function rowsOf(folder: DataFolder, name: string): Promise<Row[]> {
  const path = tableExtensions.map((extension) => `${name}.${extension}`).find((candidate) => folder.paths.includes(candidate));
  return path === undefined ? [] : await readTable(folder, path);
}

/** The first example of each value. */
function firstOf<E>(examples: readonly E[], valueOf: (example: E) => string): E[] {
  const byValue = new Map<string, E>();
  for (const example of examples) if (!byValue.has(valueOf(example))) byValue.set(valueOf(example), example);
  return [...byValue.values()];
}
