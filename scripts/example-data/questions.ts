import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { colours, count, placeNames, readBoxes, shapes, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

/** About a picture of three boxes, and about one with a single box in it. */
const questionsPerPicture = { three: 4, single: 3 };

/** A whole number below `count`. */
type Draw = (count: number) => number;

interface Question {
  question: string;
  answer: string;
}

const yesNo = (truth: boolean): string => (truth ? "yes" : "no");

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

/**
 * A question about one of several boxes: its kind is drawn first, then one of the answers that this picture has for that kind, then one of the questions which it answers. Were the question drawn right away, most answers would be "0"
 * and "no", and knowing the question would be enough; for the same reason VQA v2 balances its answers (Goyal et al., "Making the V in VQA Matter", CVPR 2017).
 *
 * @param places  the boxes that may be asked about
 */
export function ask(boxes: readonly (readonly BoxObject[])[], places: readonly number[], draw: Draw): Question {
  const kinds = places.map((place) => kindsOf(boxes[place]!, place));
  const kind = draw(kinds[0]!.length);
  const asked = kinds.flatMap((ofPlace) => ofPlace[kind]!);
  const answers = [...new Set(asked.map(({ answer }) => answer))].sort();
  const answer = answers[draw(answers.length)]!;
  const fitting = asked.filter((one) => one.answer === answer);
  return fitting[draw(fitting.length)]!;
}

/**
 * Questions about NLVR's boxes, by templates, for question answering: about pictures with all three, and, to learn from, about pictures with one alone, where a model can learn what there is to be seen before it knows which box is
 * asked about.
 */
export async function questions(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("questions", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    examples.forEach((example, index) => {
      const draws = drawsFrom(key(part === "train" ? 1 : 2).fold(index));
      const add = (file: string, howMany: number, only?: number): void => {
        data.pictures.set(file, () => draw(example, only === undefined ? {} : { only }));
        const asked = new Set<string>();
        while (asked.size < howMany) {
          const { question, answer } = ask(example.objects, only === undefined ? [0, 1, 2] : [only], (most) => draws.integer(0, most - 1));
          if (asked.has(question)) continue;
          asked.add(question);
          data.tables[split].push({ image: pictureOf(file), question, answer });
        }
      };
      add(`${part}-${example.id}.png`, questionsPerPicture.three);
      const place = index % 3;
      if (split === "train") add(`${part}-${example.id}-${placeNames[place]!}.png`, questionsPerPicture.single, place);
    });
  }
  return data;
}
