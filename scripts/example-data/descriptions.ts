import { colours, count, placeNames, readBoxes, shapes, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

/** "left box: 2 yellow squares, 1 black circle"; colours and shapes always in one order. */
export function describe(place: number, box: readonly BoxObject[]): string {
  const kinds = colours.flatMap((colour) => shapes.map((shape) => ({ name: `${colour} ${shape}`, number: count(box, shape, colour) })));
  const said = kinds.filter(({ number }) => number > 0).map(({ name, number }) => `${number} ${name}${number === 1 ? "" : "s"}`);
  return `${placeNames[place]} box: ${said.join(", ") || "nothing"}`;
}

/**
 * What is in one of NLVR's boxes, for captioning: of pictures with all three, and of pictures with one alone. From the latter a model learns what there is to be seen, before it knows which box it is asked about; from the
 * former alone it learns very slowly to look at all.
 */
export async function descriptions(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("descriptions", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    examples.forEach((example, index) => {
      const place = index % 3;
      const add = (file: string, only: number | undefined, described: number): void => {
        data.pictures.set(file, () => draw(example, only === undefined ? {} : { only }));
        data.tables[split].push({ image: pictureOf(file), caption: describe(described, example.objects[described]!) });
      };
      add(`${part}-${example.id}.png`, undefined, (place + 1) % 3);
      if (split === "train") add(`${part}-${example.id}-${placeNames[place]}.png`, place, place);
    });
  }
  return data;
}
