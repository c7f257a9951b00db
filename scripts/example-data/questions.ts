import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { answerShares, drawBalanced, yesNo, type AnswerShares, type Question } from "./balance.ts";
import { colours, count, picturesOf, placeNames, readBoxes, shapes, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

/** About a picture of three boxes, and about one with a single box in it. */
const questionsPerPicture = { three: 4, single: 2 };

/** A number from 0 to below 1. */
type Draw = () => number;

/** All questions of each kind about one box, with their answers. */
function kindsOf(box: readonly BoxObject[], place: number): readonly (readonly Question[])[] {
  const where = `in the ${placeNames[place]!} box`;
  const each = colours.flatMap((colour) => shapes.map((shape) => ({ colour, shape, number: count(box, shape, colour) })));
  return [
    each.map(({ colour, shape, number }) => ({ question: `how many ${colour} ${shape}s are ${where}?`, answer: String(number) })),
    [{ question: `how many things are ${where}?`, answer: String(box.length) }],
    shapes.map((shape) => ({ question: `how many ${shape}s are ${where}?`, answer: String(count(box, shape)) })),
    colours.map((colour) => ({ question: `how many ${colour} things are ${where}?`, answer: String(count(box, undefined, colour)) })),
    each.map(({ colour, shape, number }) => ({ question: `is there a ${colour} ${shape} ${where}?`, answer: yesNo(number > 0) })),
    colours.map((colour) => ({ question: `is there anything ${colour} ${where}?`, answer: yesNo(count(box, undefined, colour) > 0) })),
    [{ question: `is everything ${where} of one colour?`, answer: yesNo(colours.filter((colour) => count(box, undefined, colour) > 0).length <= 1) }],
  ];
}

/** All questions about a picture, of every kind and box. */
export const questionsOf = (boxes: readonly (readonly BoxObject[])[]): Question[] => boxes.flatMap((box, place) => kindsOf(box, place).flat());

/**
 * A question about one of several boxes: its kind is drawn first, then one of those that the boxes answer, rare answers before frequent ones.
 *
 * @param boxes   in the order in which they stand
 * @param places  the boxes that may be asked about
 */
export function ask(boxes: readonly (readonly BoxObject[])[], places: readonly number[], shares: AnswerShares, draw: Draw): Question {
  const kinds = places.map((place) => kindsOf(boxes[place]!, place));
  const kind = Math.floor(draw() * kinds[0]!.length);
  const asked = kinds.flatMap((ofPlace) => ofPlace[kind]!);
  return asked[drawBalanced(asked, shares, draw)]!;
}

/**
 * Questions about NLVR's boxes, by templates, for question answering: about pictures with all three, and, to learn from, about pictures with one alone, where a model can learn what there is to be seen before it knows which box is
 * asked about.
 */
export async function questions(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("questions", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  let shares: AnswerShares | undefined;
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    shares ??= answerShares(examples.map(({ objects }) => questionsOf(objects)));
    for (const [index, example] of examples.entries()) {
      const draws = drawsFrom(key(part === "train" ? 1 : 2).fold(index));
      for (const { name, ...drawn } of picturesOf(index, split)) {
        const file = `${part}-${example.id}${name}.png`;
        data.pictures.set(file, () => draw(example, drawn));
        const boxes = drawn.order.map((box) => example.objects[box]!);
        const asked = new Set<string>();
        while (asked.size < (drawn.places.length === 1 ? questionsPerPicture.single : questionsPerPicture.three)) {
          const { question, answer } = ask(boxes, drawn.places, shares, () => draws.uniform(0, 1));
          if (asked.has(question)) continue;
          asked.add(question);
          data.tables[split].push({ image: pictureOf(file), question, answer });
        }
      }
    }
  }
  return data;
}
