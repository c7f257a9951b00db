/**
 * Draws the example data of docs/guides/fine-tuning.md: 72 pictures of a coloured shape on one side, and tables for every task.
 *
 *     tsx --conditions=@multiway/source scripts/make-fine-tuning-examples.ts
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createImage, encodePng, type Image } from "../packages/images/src/index.ts";
import { key } from "../packages/random/src/index.ts";

const folder = fileURLToPath(new URL("../apps/cli/data/fine-tuning", import.meta.url));
const side = 16;
const colors = { red: [220, 40, 40], green: [40, 170, 60], blue: [50, 80, 220], yellow: [235, 200, 40] } as const;
const shapes = ["square", "disc", "cross"] as const;
const sides = ["left", "right"] as const;
/** The last of them is for validation. */
const variants = 3;

interface Drawn {
  file: string;
  color: keyof typeof colors;
  shape: (typeof shapes)[number];
  place: (typeof sides)[number];
  variant: number;
}

function draw({ color, shape, place, variant }: Drawn): Image {
  const image = createImage(side, side, 3, 250);
  const size = 6;
  const draws = key(7).fold(variant).fold(shapes.indexOf(shape) * 100 + Object.keys(colors).indexOf(color) * 10 + sides.indexOf(place));
  const left = (place === "left" ? 0 : side / 2) + draws.fold(0).integer(0, 3);
  const top = 1 + draws.fold(1).integer(0, side - size - 1);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [fromX, fromY] = [x - (size - 1) / 2, y - (size - 1) / 2];
      const isIn = { square: true, disc: fromX ** 2 + fromY ** 2 <= 8, cross: Math.abs(fromX) < 1 || Math.abs(fromY) < 1 }[shape];
      if (isIn) image.data.set(colors[color], ((top + y) * side + left + x) * 3);
    }
  }
  return image;
}

const all = Array.from({ length: variants }, (_, variant) => variant).flatMap((variant) =>
  (Object.keys(colors) as (keyof typeof colors)[]).flatMap((color) => shapes.flatMap((shape) => sides.map((place): Drawn => ({ file: `${color}-${shape}-${place}-${variant}.png`, color, shape, place, variant })))),
);
rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "images"), { recursive: true });
for (const drawn of all) writeFileSync(join(folder, "images", drawn.file), await encodePng(draw(drawn)));

const write = (name: string, lines: readonly string[]) => writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
for (const split of ["train", "validation"] as const) {
  const chosen = all.filter(({ variant }) => (variant === variants - 1) === (split === "validation"));
  const text = ({ color, shape, place }: Drawn) => `a ${color} ${shape} on the ${place}`;
  write(`classification.${split}.csv`, ["image,label", ...chosen.map(({ file, shape }) => `${file},${shape}`)]);
  write(`retrieval.${split}.csv`, ["image,text", ...chosen.map((drawn) => `${drawn.file},${text(drawn)}`)]);
  write(`captioning.${split}.jsonl`, chosen.map((drawn) => JSON.stringify({ image: drawn.file, captions: [text(drawn), `${text(drawn)} side`] })));
  write(`vqa.${split}.csv`, [
    "image,question,answer",
    ...chosen.flatMap(({ file, color, shape, place }) => [`${file},what colour is it?,${color}`, `${file},which shape is it?,${shape}`, `${file},"where is it, left or right?",${place}`]),
  ]);
  const pairs = chosen.flatMap((left, index) => [0, 1].map((turn) => ({ left, turn, right: chosen[key(9).fold(index).fold(turn).integer(0, chosen.length)]! })));
  write(`reasoning.${split}.csv`, [
    "left,right,sentence,label",
    ...pairs.flatMap(({ left, right, turn }) => {
      const named = turn === 0 ? left.color : right.color;
      return [`${left.file},${right.file},the first shape is ${named},${left.color === named}`, `${left.file},${right.file},the second shape is ${named},${right.color === named}`];
    }),
  ]);
}
