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
  /** The boxes side by side: all three, or one of them at its place. `order` says which box stands where. */
  draw(example: BoxExample, options?: { order?: readonly [number, number, number]; only?: number }): Image;
}

/** What the boxes are called, in the order of an example. */
export const placeNames = ["left", "middle", "right"] as const;
export const colours: readonly Colour[] = ["yellow", "black", "blue"];
export const shapes: readonly Shape[] = ["circle", "square", "triangle"];

/** How many objects have this shape and this colour, either of which may be left open. */
export const count = (box: readonly BoxObject[], shape?: Shape, colour?: Colour): number =>
  box.filter(([, , , itsShape, itsColour]) => (shape === undefined || itsShape === shape) && (colour === undefined || itsColour === colour)).length;

export async function readBoxes(folder: string, part: "train" | "dev"): Promise<BoxSet> {
  const examples = await readJsonLines<BoxExample>(folder, `${part}.jsonl`);
  const names = [...new Set(examples.map(({ sheet }) => sheet))];
  const sheets = new Map(await Promise.all(names.map(async (name) => [name, await loadImage(join(folder, "images", `${name}.png`))] as const)));
  return {
    examples,
    draw({ sheet, col, row }, { order = [0, 1, 2], only } = {}) {
      const picture = createImage(3 * boxPx + 2 * gapPx, boxPx, 3, grey);
      order.forEach((box, place) => {
        if (only !== undefined && box !== only) return;
        const cell = crop(sheets.get(sheet)!, { left: (3 * col + box) * boxPx, top: row * boxPx, width: boxPx, height: boxPx });
        paste(picture, cell, { left: place * (boxPx + gapPx), top: 0 });
      });
      return picture;
    },
  };
}
