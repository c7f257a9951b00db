import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { answerShares, drawBalanced, type Question } from "./balance.ts";
import { picturesOf, readBoxes } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { statementsOf, write } from "./statement-templates.ts";

/** Of a picture; one of NLVR's own comes besides. */
const statementsPerPicture = 3;

/**
 * NLVR's sentences, and others that are made from its lists of objects in the manner of its writers, as questions with the answers "true" and "false": for question answering, which sees one picture where reasoning sees two. The
 * pictures to learn from come in two orders; to be measured on are NLVR's own development sentences.
 */
export async function statements(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("statements", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    const sayable = examples.map(({ objects }) => (split === "val" ? [] : statementsOf(objects).map((kind) => kind.map(({ template, isTrue }): Question => ({ question: template, answer: String(isTrue) })))));
    const shares = answerShares(sayable.map((kinds) => kinds.flat()));
    for (const [index, example] of examples.entries()) {
      const draws = drawsFrom(key(3).fold(index));
      const kinds = sayable[index]!;
      for (const { name, ...drawn } of picturesOf(index, split)) {
        // Sentences are about three boxes.
        if (drawn.places.length < 3) continue;
        const file = `${part}-${example.id}${name}.png`;
        data.pictures.set(file, () => draw(example, drawn));
        data.tables[split].push({ image: pictureOf(file), question: example.sentence, answer: String(example.label) });
        for (let said = 0; kinds.length > 0 && said < statementsPerPicture; said++) {
          const kind = kinds[draws.integer(0, kinds.length - 1)]!;
          const { question, answer } = kind[drawBalanced(kind, shares, () => draws.uniform(0, 1))]!;
          data.tables[split].push({ image: pictureOf(file), question: write(question, (most) => draws.integer(0, most - 1)), answer });
        }
      }
    }
  }
  return data;
}
