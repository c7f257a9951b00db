import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crop, loadImage } from "../../packages/images/src/index.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

interface DigitSheet {
  tile: number;
  columns: number;
  /** One digit after the other. */
  labels: string;
}

/** Every seventh digit is kept for trial. */
const valEvery = 7;

/** Handwritten digits, 28 × 28 pixels, for classification. */
export async function digits(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("digits", from);
  const { tile, columns, labels } = JSON.parse(await readFile(join(folder, "digits.json"), "utf8")) as DigitSheet;
  const sheet = await loadImage(join(folder, "digits.png"));
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  [...labels].forEach((label, index) => {
    const name = `${String(index).padStart(5, "0")}.png`;
    data.pictures.set(name, () => crop(sheet, { left: (index % columns) * tile, top: Math.floor(index / columns) * tile, width: tile, height: tile }));
    data.tables[index % valEvery === valEvery - 1 ? "val" : "train"].push({ image: pictureOf(name), label });
  });
  return data;
}
