import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { answerShares, drawBalanced, yesNo, type Question } from "./balance.ts";
import { picturesOf, readBoxes } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { questionsBehind, statementsOf, write } from "./statement-templates.ts";

/** Of a picture; one of NLVR's own sentences comes besides. */
const perPicture = { statements: 2, questions: 3 };

/**
 * NLVR's sentences, and others that are made from its lists of objects in the manner of its writers, with the answers "yes" and "no", and questions about
 * what they speak of: for question answering, which sees one picture where reasoning sees two. The pictures to learn from come in two orders; to be measured on are NLVR's own development sentences.
 */
export async function statements(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("statements", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    const learnt = split === "train" ? examples.map(({ objects }) => objects) : [];
    const sets = [
      { many: perPicture.statements, kinds: learnt.map((objects) => statementsOf(objects).map((kind) => kind.map(({ template, isTrue }): Question => ({ question: template, answer: yesNo(isTrue) })))) },
      { many: perPicture.questions, kinds: learnt.map(questionsBehind) },
    ].map(({ many, kinds }) => ({ many, kinds, shares: answerShares(kinds.map((one) => one.flat())) }));
    for (const [index, example] of examples.entries()) {
      const draws = drawsFrom(key(3).fold(index));
      for (const { name, ...drawn } of picturesOf(index, split)) {
        // Sentences are about three boxes.
        if (drawn.places.length < 3) continue;
        const file = `${part}-${example.id}${name}.png`;
        data.pictures.set(file, () => draw(example, drawn));
        const add = (question: string, answer: string) => data.tables[split].push({ image: pictureOf(file), question, answer });
        add(example.sentence, yesNo(example.label));
        for (const { many, kinds: { [index]: kinds = [] }, shares } of sets) {
          for (let said = 0; kinds.length > 0 && said < many; said++) {
            const kind = kinds[draws.integer(0, kinds.length - 1)]!;
            const { question, answer } = kind[drawBalanced(kind, shares, () => draws.uniform(0, 1))]!;
            add(write(question, (most) => draws.integer(0, most - 1)), answer);
          }
        }
      }
    }
  }
  return data;
}
