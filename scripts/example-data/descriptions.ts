import { colours, count, picturesOf, placeNames, readBoxes, shapes, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

/** "left: 3 things, 2 yellow squares, 1 black circle"; colours and shapes always in one order. */
export function describe(place: number, box: readonly BoxObject[]): string {
  const kinds = colours.flatMap((colour) => shapes.map((shape) => counted(count(box, shape, colour), `${colour} ${shape}`)));
  return `${placeNames[place]}: ${[counted(box.length, "thing") ?? "nothing", ...kinds.filter((said) => said !== undefined)].join(", ")}`;
}

/** Of several boxes: "left: 1 thing, 1 blue circle. middle: nothing" */
export const describeBoxes = (boxes: readonly (readonly BoxObject[])[], places: readonly number[]): string => places.map((place) => describe(place, boxes[place]!)).join(". ");

const counted = (number: number, name: string): string | undefined => (number === 0 ? undefined : `${number} ${name}${number === 1 ? "" : "s"}`);

/**
 * What is in NLVR's boxes, for captioning: all three of a picture, in two orders, and of pictures with one box alone. From the latter a model learns what there is to be seen, before it knows which box it is told of; from the
 * former alone it learns very slowly to look at all.
 */
export async function descriptions(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("descriptions", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    examples.forEach((example, index) => {
      for (const { name, ...drawn } of picturesOf(index, split)) {
        const file = `${part}-${example.id}${name}.png`;
        data.pictures.set(file, () => draw(example, drawn));
        data.tables[split].push({ image: pictureOf(file), caption: describeBoxes(drawn.order.map((box) => example.objects[box]!), drawn.places) });
      }
    });
  }
  return data;
}
