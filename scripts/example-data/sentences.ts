import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { readBoxes } from "./boxes.ts";

/**
 * NLVR's sentences for visual reasoning. A sentence is about three boxes, whose order means nothing; the head compares two pictures: both show all three
 * boxes, in different orders.
 */
export async function sentences(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("sentences", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    for (const example of examples) {
      const [left, right] = ["a", "b"].map((view) => `${part}-${example.id}-${view}.png`) as [string, string];
      data.pictures.set(left, () => draw(example));
      data.pictures.set(right, () => draw(example, { order: [2, 0, 1] }));
      data.tables[split].push({ left: pictureOf(left), right: pictureOf(right), sentence: example.sentence, label: example.label });
    }
  }
  return data;
}
