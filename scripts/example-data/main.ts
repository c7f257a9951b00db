import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MultiwayError, OptionError } from "../../packages/errors/src/index.ts";
import { encodePng } from "../../packages/images/src/index.ts";
import { inParallel } from "../process.ts";
import { digits } from "./digits.ts";
import { emojiCaptions, emojiNames } from "./emoji.ts";
import type { ExampleData } from "./example-data.ts";
import { mixture } from "./mixture.ts";
import { questions } from "./questions.ts";
import { sentences } from "./sentences.ts";

const usage = `Lays out real data for \`multiway pretrain\` and \`multiway finetune\`: pictures and tables, train.jsonl and val.jsonl.

  pnpm example-data SET --from FOLDER --to FOLDER

  digits           classification: handwritten digits; --from: digits.png, digits.json (MNIST's test part in sheets)
  emoji            retrieval: three styles to learn from, a fourth to be tried on; --from: sheets of larger tiles; default: the emoji of 32 pixels that the CLI comes with
  emoji-captions   captioning: the same
  sentences        reasoning: NLVR's three boxes and what people said of them; --from: train.jsonl, dev.jsonl, images/
  questions        vqa: questions about NLVR's boxes, made from their lists of objects; --from: the same
  mixture          pretraining: emoji, NLVR's boxes and photographs, and what is said of them; --from: folders emoji, nlvr1, coco-cc, coco-captions

What was in the target folder before is replaced.`;

const sets: Readonly<Record<string, (from: string | undefined) => Promise<ExampleData<string>>>> = { digits, emoji: emojiNames, "emoji-captions": emojiCaptions, sentences, questions, mixture };

async function main(args: string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args: args.filter((arg) => arg !== "--"), allowPositionals: true,
    options: { from: { type: "string" }, to: { type: "string" }, help: { type: "boolean", short: "h" } },
  });
  const make = sets[positionals[0] ?? ""];
  if (values.help) return console.log(usage);
  if (!make || positionals.length > 1 || values.to === undefined) throw new OptionError(`example-data: give one of ${Object.keys(sets).join(", ")}, and --to FOLDER.\n\n${usage}`);

  const { pictures, tables } = await make(values.from);
  const images = join(values.to, "images");
  await rm(images, { recursive: true, force: true });
  await mkdir(images, { recursive: true });
  let written = 0;
  await inParallel(4, [...pictures], async ([name, image]) => {
    await writeFile(join(images, name), await encodePng(await image()));
    if (++written % 1000 === 0) console.log(`${written} of ${pictures.size} pictures`);
  });
  for (const [table, rows] of Object.entries(tables)) {
    await writeFile(join(values.to, `${table}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    console.log(`${table}: ${rows.length} rows`);
  }
  console.log(`${pictures.size} pictures in ${images}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MultiwayError) && (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
