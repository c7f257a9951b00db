import { drawsFrom } from "../../packages/masking/src/index.ts";
import { key } from "../../packages/random/src/index.ts";
import { colours, count, placeNames, readBoxes, shapes, type BoxObject } from "./boxes.ts";
import { folderOf, pictureOf, type ExampleData } from "./example-data.ts";

const questionsPerPicture = 4;

/** A whole number below `count`. */
type Draw = (count: number) => number;

/** A question about three boxes and its answer. */
export function ask(boxes: readonly (readonly BoxObject[])[], draw: Draw): { question: string; answer: string } {
  const place = draw(3);
  const box = boxes[place]!;
  const where = `in the ${placeNames[place]!} box`;
  const colour = colours[draw(3)]!;
  const shape = shapes[draw(3)]!;
  switch (draw(6)) {
    case 0: return { question: `how many ${colour} ${shape}s are ${where}?`, answer: String(count(box, shape, colour)) };
    case 1: return { question: `how many things are ${where}?`, answer: String(box.length) };
    case 2: return { question: `how many ${shape}s are ${where}?`, answer: String(count(box, shape)) };
    case 3: return { question: `how many ${colour} things are ${where}?`, answer: String(count(box, undefined, colour)) };
    case 4: return { question: `is there a ${colour} ${shape} ${where}?`, answer: count(box, shape, colour) > 0 ? "yes" : "no" };
    default: {
      const all = colours.filter((each) => count(box, undefined, each) > 0);
      return { question: `is everything ${where} of one colour?`, answer: all.length <= 1 ? "yes" : "no" };
    }
  }
}

/** Questions about NLVR's boxes, by templates, for question answering. */
export async function questions(from: string | undefined): Promise<ExampleData> {
  const folder = folderOf("questions", from);
  const data: ExampleData = { pictures: new Map(), tables: { train: [], val: [] } };
  for (const [part, split] of [["train", "train"], ["dev", "val"]] as const) {
    const { examples, draw } = await readBoxes(folder, part);
    examples.forEach((example, index) => {
      const file = `${part}-${example.id}.png`;
      data.pictures.set(file, () => draw(example));
      const draws = drawsFrom(key(part === "train" ? 1 : 2).fold(index));
      const asked = new Set<string>();
      while (asked.size < questionsPerPicture) {
        const { question, answer } = ask(example.objects, (most) => draws.integer(0, most - 1));
        if (asked.has(question)) continue;
        asked.add(question);
        data.tables[split].push({ image: pictureOf(file), question, answer });
      }
    });
  }
  return data;
}
