import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { answerShares, yesNo, type Question } from "./balance.ts";
import { readBoxes, type BoxExample } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { drawSaid, judgementsOf } from "./statements.ts";

/** Orders of the boxes in the two pictures of a pair: what is true of three boxes is true of them in any order. The second pair is more to learn from. */
const orders = { train: [[[0, 1, 2], [2, 0, 1]], [[1, 0, 2], [2, 1, 0]]], val: [[[0, 1, 2], [2, 0, 1]]] } as const;

/**
 * NLVR's sentences for visual reasoning. A sentence is about three boxes, whose order means nothing; the head compares two pictures: both show all three
 * boxes, in different orders.
 */
export const sentences = (from: string | undefined): Promise<ExampleData> => pairsOf("sentences", from, 0);

/** The same, and for each pair to learn from two sentences more that are made from the lists of objects, half of them true whatever their words: NLVR's own are too few to learn to look from. */
export const statementPairs = (from: string | undefined): Promise<ExampleData> => pairsOf("statement-pairs", from, 2);

/** @param more  sentences that are made for each pair to learn from, besides NLVR's own */
async function pairsOf(set: string, from: string | undefined, more: number): Promise<ExampleData> {
  const folder = folderOf(set, from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    const made = split === "train" ? more : 0;
    const shares = answerShares(made > 0 ? sayable(examples) : []);
    for (const [index, example] of examples.entries()) {
      const draws = drawsFrom(key(4).fold(index));
      const kinds = made > 0 ? judgementsOf(example.objects) : [];
      for (const pair of orders[split]) {
        const [left, right] = pair.map((order) => {
          const file = `${part}-${example.id}-${order.join("")}.png`;
          data.pictures.set(file, () => draw(example, { order }));
          return pictureOf(file);
        }) as [string, string];
        data.tables[split].push({ left, right, sentence: example.sentence, label: example.label });
        for (let times = 0; times < made; times++) {
          const { question, answer } = drawSaid(kinds, shares, draws);
          data.tables[split].push({ left, right, sentence: question, label: answer === yesNo(true) });
        }
      }
    }
  }
  return data;
}

/** One example's after another's: all of them at once would not fit into memory. */
function* sayable(examples: readonly BoxExample[]): Generator<readonly Question[]> {
  for (const { objects } of examples) yield judgementsOf(objects).flat();
}
