import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../packages/images/src/index.ts";
import { inParallel } from "../process.ts";
import { descriptions, placements } from "./descriptions.ts";
import { digits } from "./digits.ts";
import { emojiCaptions, emojiNames } from "./emoji.ts";
import type { ExampleData } from "./example-data.ts";
import { mixture } from "./mixture.ts";
import { questions } from "./questions.ts";
import { sentences, statementPairs } from "./sentences.ts";
import { statements } from "./statements.ts";

/** All sets by name, each read from a folder. */
export const sets = { digits, emoji: emojiNames, "emoji-captions": emojiCaptions, descriptions, placements, sentences, "statement-pairs": statementPairs, statements, questions, mixture } satisfies Readonly<Record<string, (from: string | undefined) => Promise<ExampleData<string>>>>;

/** Writes pictures and tables into a folder, in place of those that were there. */
export async function writeExampleData({ pictures, tables }: ExampleData<string>, folder: string, report: (line: string) => void): Promise<void> {
  const images = join(folder, "images");
  await rm(images, { recursive: true, force: true });
  await mkdir(images, { recursive: true });
  let written = 0;
  await inParallel(4, [...pictures], async ([name, image]) => {
    await writeFile(join(images, name), await encodePng(await image()));
    if (++written % 1000 === 0) report(`${written} of ${pictures.size} pictures`);
  });
  for (const [table, rows] of Object.entries(tables)) {
    await writeFile(join(folder, `${table}.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    report(`${table}: ${rows.length} rows`);
  }
  report(`${pictures.size} pictures in ${images}`);
}
