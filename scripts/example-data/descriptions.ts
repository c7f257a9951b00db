import { areTowers, colours, count, edgesOf, picturesOf, placeNames, readBoxes, shapes, upwards, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

/** "left: 3 things, 2 yellow squares, 1 black circle"; colours and shapes always in one order. */
export function describe(place: number, box: readonly BoxObject[]): string {
  const kinds = colours.flatMap((colour) => shapes.map((shape) => counted(count(box, shape, colour), `${colour} ${shape}`)));
  return `${placeNames[place]}: ${[counted(box.length, "thing") ?? "nothing", ...kinds.filter((said) => said !== undefined)].join(", ")}`;
}

/** Of several boxes: "left: 1 thing, 1 blue circle. middle: nothing" */
export const describeBoxes = (boxes: readonly (readonly BoxObject[])[], places: readonly number[]): string => places.map((place) => describe(place, boxes[place]!)).join(". ");

const counted = (number: number, name: string): string | undefined => (number === 0 ? undefined : `${number} ${name}${number === 1 ? "" : "s"}`);

/** "left: blue, yellow. middle: nothing" of towers, from the base up; else "left: blue square bottom, black circle top right", what touches an edge, in the same order as above. */
export function placesOf(boxes: readonly (readonly BoxObject[])[]): string {
  const isTower = areTowers(boxes);
  const said = boxes.map((box, place) => {
    const all = isTower ? upwards(box) : colours.flatMap((colour) => shapes.flatMap((shape) => box.filter((object) => count([object], shape, colour) > 0).flatMap((object) => (edgesOf(object).length > 0 ? [`${colour} ${shape} ${edgesOf(object).join(" ")}`] : []))));
    return `${placeNames[place]}: ${all.join(", ") || "nothing"}`;
  });
  return `${isTower ? "from the base" : "touching"}, ${said.join(". ")}`;
}

/**
 * What is in NLVR's boxes, for captioning: all three of a picture, in two orders, and of pictures with one box alone. From the latter a model learns what there is to be seen, before it knows which box it is told of; from the
 * former alone it learns very slowly to look at all.
 */
export const descriptions = (from: string | undefined): Promise<ExampleData> => captionsOf("descriptions", from, (boxes, places) => [describeBoxes(boxes, places)]);

/** The same, and of pictures with all three boxes besides how towers are stacked and what touches the edges, which NLVR's sentences are about. */
export const placements = (from: string | undefined): Promise<ExampleData> => captionsOf("placements", from, (boxes, places) => [describeBoxes(boxes, places), ...(places.length === 3 ? [placesOf(boxes)] : [])]);

async function captionsOf(set: string, from: string | undefined, say: (boxes: readonly (readonly BoxObject[])[], places: readonly number[]) => string[]): Promise<ExampleData> {
  const folder = folderOf(set, from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    examples.forEach((example, index) => {
      for (const { name, ...drawn } of picturesOf(index, split)) {
        const file = `${part}-${example.id}${name}.png`;
        data.pictures.set(file, () => draw(example, drawn));
        for (const caption of say(drawn.order.map((box) => example.objects[box]!), drawn.places)) data.tables[split].push({ image: pictureOf(file), caption });
      }
    });
  }
  return data;
}
