import { drawsFrom, type Draws } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { answerShares, drawBalanced, yesNo, type AnswerShares, type Question } from "./balance.ts";
import { picturesOf, placeNames, readBoxes, type BoxObject, type BoxPicture } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";
import { questionsBehind, statementsOf, write } from "./statement-templates.ts";

type Boxes = readonly (readonly BoxObject[])[];

interface SetOfKinds {
  /** Of a picture. */
  many: number;
  kindsOf: (boxes: Boxes, names: readonly string[]) => Question[][];
}

/** What is said of a picture, by kind; one of NLVR's own sentences comes besides. */
const said: readonly SetOfKinds[] = [
  { many: 2, kindsOf: judgementsOf },
  { many: 3, kindsOf: questionsBehind },
];

/**
 * NLVR's sentences, and others that are made from its lists of objects in the manner of its writers, with the answers "yes" and "no", and questions about
 * what they speak of: for question answering, which sees one picture where reasoning sees two. The pictures to learn from show all three boxes in two orders, and one box alone, of which the same can be said and which is
 * understood sooner; to be measured on are NLVR's own development sentences.
 */
export async function statements(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("statements", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    const pictures = examples.map(({ objects }, index) => picturesOf(index, split).map((picture) => ({ picture, boxes: boxesIn(objects, picture), names: picture.places.map((place) => placeNames[place]!) })));
    // All that could be said of all of them at once would not fit into memory.
    const sayable = function* (number: number, kindsOf: SetOfKinds["kindsOf"]) {
      for (const { boxes, names } of pictures.flat()) if (boxes.length === number) yield kindsOf(boxes, names).flat();
    };
    // One box has other answers than three.
    const shares = new Map<number, AnswerShares[]>();
    for (const number of split === "train" ? [1, 3] : []) shares.set(number, said.map(({ kindsOf }) => answerShares(sayable(number, kindsOf))));
    for (const [index, example] of examples.entries()) {
      const draws = drawsFrom(key(3).fold(index));
      for (const { picture, boxes, names } of pictures[index]!) {
        const file = `${part}-${example.id}${picture.name}.png`;
        data.pictures.set(file, () => draw(example, picture));
        const add = (question: string, answer: string) => data.tables[split].push({ image: pictureOf(file), question, answer });
        // A sentence is about three boxes.
        if (boxes.length === 3) add(example.sentence, yesNo(example.label));
        shares.get(boxes.length)?.forEach((ofSet, set) => {
          const kinds = said[set]!.kindsOf(boxes, names);
          for (let times = 0; times < said[set]!.many; times++) {
            const { question, answer } = drawSaid(kinds, ofSet, draws);
            add(question, answer);
          }
        });
      }
    }
  }
  return data;
}

/** All that is true or false of three boxes, by kind, answered with "yes" or "no". */
export function judgementsOf(boxes: Boxes): Question[][] {
  return statementsOf(boxes).map((kind) => kind.map(({ template, isTrue }) => ({ question: template, answer: yesNo(isTrue) })));
}

/** One of what could be said, in one of its wordings: a kind is as likely as another, and within it an answer that is seldom right is drawn the more often. */
export function drawSaid(kinds: readonly (readonly Question[])[], shares: AnswerShares, draws: Draws): Question {
  const kind = kinds[draws.integer(0, kinds.length - 1)]!;
  const { question, answer } = kind[drawBalanced(kind, shares, () => draws.uniform(0, 1))]!;
  return { question: write(question, (most) => draws.integer(0, most - 1)), answer };
}

/** The boxes that a picture shows, from the left. */
const boxesIn = (boxes: Boxes, { order, places }: BoxPicture): Boxes => places.map((place) => boxes[order[place]!]!);
