import { join } from "node:path";
import { createImage, crop, loadImage, paste, type Image } from "../../packages/images/src/index.ts";
import { readJsonLines } from "./example-data.ts";

export type Shape = "circle" | "square" | "triangle";
export type Colour = "yellow" | "black" | "blue";
/** Pixels from the top left of its box. */
export type BoxObject = readonly [x: number, y: number, size: number, shape: Shape, colour: Colour];

/** Three boxes, and a sentence that is true or false of them. Source: Suhr et al., "A Corpus of Natural Language for Visual Reasoning", ACL 2017. */
export interface BoxExample {
  id: string;
  sentence: string;
  label: boolean;
  sheet: string;
  col: number;
  row: number;
  objects: readonly BoxObject[][];
}

const boxPx = 100;
/** Officially 50; what is between the boxes says nothing, and pictures are made square before a model sees them. */
const gapPx = 10;
const grey = 128;

export interface BoxSet {
  examples: BoxExample[];
  /** The three boxes side by side; `order` says which box stands where. */
  draw(example: BoxExample, order?: readonly [number, number, number]): Image;
}

export async function readBoxes(folder: string, part: "train" | "dev"): Promise<BoxSet> {
  const examples = await readJsonLines<BoxExample>(folder, `${part}.jsonl`);
  const names = [...new Set(examples.map(({ sheet }) => sheet))];
  const sheets = new Map(await Promise.all(names.map(async (name) => [name, await loadImage(join(folder, "images", `${name}.png`))] as const)));
  return {
    examples,
    draw({ sheet, col, row }, order = [0, 1, 2]) {
      const picture = createImage(3 * boxPx + 2 * gapPx, boxPx, 3, grey);
      order.forEach((box, place) => {
        const cell = crop(sheets.get(sheet)!, { left: (3 * col + box) * boxPx, top: row * boxPx, width: boxPx, height: boxPx });
        paste(picture, cell, { left: place * (boxPx + gapPx), top: 0 });
      });
      return picture;
    },
  };
}
