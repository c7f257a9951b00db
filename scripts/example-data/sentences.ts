import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { readBoxes } from "./boxes.ts";

/** Orders of the boxes in the two pictures of a pair: what is true of three boxes is true of them in any order. The second pair is more to learn from. */
const orders = { train: [[[0, 1, 2], [2, 0, 1]], [[1, 0, 2], [2, 1, 0]]], val: [[[0, 1, 2], [2, 0, 1]]] } as const;

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
      for (const pair of orders[split]) {
        const [left, right] = pair.map((order) => {
          const file = `${part}-${example.id}-${order.join("")}.png`;
          data.pictures.set(file, () => draw(example, { order }));
          return pictureOf(file);
        }) as [string, string];
        data.tables[split].push({ left, right, sentence: example.sentence, label: example.label });
      }
    }
  }
  return data;
}
