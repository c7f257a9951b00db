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

/** Height and width of a box. */
const sizePx = 100;
const grey = 128;
/**
 * Height and width of a picture, and where its boxes stand: the middle one lower than the others. NLVR has them in a row, but pictures are made square before a model sees them, and a row would be squeezed to a third of its width: blocks side by
 * side would share a patch. Boxes begin at quarters of their size, so that patches of a ninth of the picture do not lie across their edges.
 */
const picturePx = 225;
const corners = [{ left: 0, top: 0 }, { left: 50, top: 125 }, { left: 125, top: 0 }] as const;

export interface BoxSet {
  examples: BoxExample[];
  /** `order` says which box stands where, `places` which of the places are not left empty. */
  draw(example: BoxExample, options?: { order?: Order; places?: readonly number[] }): Image;
}

export type Order = readonly [number, number, number];

/** A picture to be drawn of an example, and the end of its file's name. */
export interface BoxPicture {
  name: string;
  order: Order;
  places: readonly number[];
}

const everyPlace = [0, 1, 2] as const;

/** Of an example to learn from, two orders of its boxes and one box alone; of one to be measured on, the boxes as they are. */
export function picturesOf(index: number, split: "train" | "val"): BoxPicture[] {
  const asIs: BoxPicture = { name: "", order: [0, 1, 2], places: everyPlace };
  if (split === "val") return [asIs];
  const order = orders[index % orders.length]!;
  const place = index % everyPlace.length;
  return [asIs, { name: `-${order.join("")}`, order, places: everyPlace }, { name: `-${placeNames[place]!}`, order: [0, 1, 2], places: [place] }];
}

/** All but the usual one. */
const orders: readonly Order[] = [[1, 2, 0], [2, 0, 1], [2, 1, 0], [0, 2, 1], [1, 0, 2]];

/** What the boxes are called, in the order of an example. */
export const placeNames = ["left", "middle", "right"] as const;
export const colours: readonly Colour[] = ["yellow", "black", "blue"];
export const shapes: readonly Shape[] = ["circle", "square", "triangle"];

/** How many objects have this shape and this colour, either of which may be left open. */
export const count = (box: readonly BoxObject[], shape?: Shape, colour?: Colour): number =>
  box.filter(([, , , itsShape, itsColour]) => (shape === undefined || itsShape === shape) && (colour === undefined || itsColour === colour)).length;

/** Whether the boxes hold towers: blocks of one size stacked in the middle, as in half of NLVR's examples. */
export const areTowers = (boxes: readonly (readonly BoxObject[])[]): boolean => boxes.every((box) => box.every(([x, , size, shape]) => shape === "square" && size === 20 && x === 40));

/** The colours of a tower, from its base up. */
export const upwards = (box: readonly BoxObject[]): Colour[] => [...box].sort(([, y], [, otherY]) => otherY - y).map(([, , , , colour]) => colour);

/** Which edges of its box an object touches. */
export const edgesOf = ([x, y, size]: BoxObject): ("top" | "bottom" | "left" | "right")[] => [
  ...(y === 0 ? ["top" as const] : y + size === sizePx ? ["bottom" as const] : []),
  ...(x === 0 ? ["left" as const] : x + size === sizePx ? ["right" as const] : []),
];

export async function readBoxes(folder: string, part: "train" | "dev"): Promise<BoxSet> {
  const examples = await readJsonLines<BoxExample>(folder, `${part}.jsonl`);
  const names = [...new Set(examples.map(({ sheet }) => sheet))];
  const sheets = new Map(await Promise.all(names.map(async (name) => [name, await loadImage(join(folder, "images", `${name}.png`))] as const)));
  return {
    examples,
    draw({ sheet, col, row }, { order = [0, 1, 2], places = everyPlace } = {}) {
      const picture = createImage(picturePx, picturePx, 3, grey);
      order.forEach((box, place) => {
        if (!places.includes(place)) return;
        const cell = crop(sheets.get(sheet)!, { left: (3 * col + box) * sizePx, top: row * sizePx, width: sizePx, height: sizePx });
        paste(picture, cell, corners[place]!);
      });
      return picture;
    },
  };
}
