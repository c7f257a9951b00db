import { parseArgs } from "node:util";
import { MultiwayError, OptionError } from "../../packages/errors/src/index.ts";
import { createImage } from "../../packages/images/src/index.ts";
import type { ExampleData } from "./example-data.ts";
import { sets, writeExampleData } from "./sets.ts";

const usage = `Lays out real data for \`multiway pretrain\` and \`multiway finetune\`: pictures and tables, train.jsonl and val.jsonl.

  pnpm example-data SET --from FOLDER --to FOLDER [--blank]

  digits           classification: handwritten digits; --from: digits.png, digits.json (MNIST's test part in sheets)
  emoji            retrieval: three styles to learn from, a fourth to be tried on; --from: sheets of larger tiles; default: the emoji of 32 pixels that the CLI comes with
  emoji-captions   captioning: the same
  descriptions     captioning: what is in NLVR's boxes, made from their lists of objects; --from: train.jsonl, dev.jsonl, images/
  placements       captioning: the same, and where things are; --from: the same
  sentences        reasoning: NLVR's three boxes and what people said of them; --from: the same
  statement-pairs  reasoning: the same, and others made from its lists of objects; --from: the same
  statements       vqa: NLVR's sentences, and others made from its lists of objects, to be found true or false, and questions about the same; a start for reasoning; --from: the same
  questions        vqa: questions about NLVR's boxes, made from their lists of objects; --from: the same
  mixture          pretraining: emoji, NLVR's boxes and photographs, and what is said of them; --from: folders emoji, nlvr1, coco-cc, coco-captions

With --blank every picture is white: what a model says of those, it says without seeing. What was in the target folder before is replaced.`;

async function main(args: string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args: args.filter((arg) => arg !== "--"), allowPositionals: true,
    options: { from: { type: "string" }, to: { type: "string" }, blank: { type: "boolean" }, help: { type: "boolean", short: "h" } },
  });
  const set = positionals[0] ?? "";
  if (values.help) return console.log(usage);
  if (!isSet(set) || positionals.length > 1 || values.to === undefined) throw new OptionError(`example-data: give one of ${Object.keys(sets).join(", ")}, and --to FOLDER.\n\n${usage}`);
  const data = await sets[set](values.from);
  await writeExampleData(values.blank ? withoutPictures(data) : data, values.to, console.log);
}

const blank = createImage(64, 64, 3, 255);
const withoutPictures = ({ pictures, tables }: ExampleData<string>): ExampleData<string> => ({ pictures: new Map([...pictures.keys()].map((name) => [name, () => blank])), tables });

const isSet = (name: string): name is keyof typeof sets => Object.hasOwn(sets, name);

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MultiwayError) && (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
