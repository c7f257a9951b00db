import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { benchFolder } from "../folders.ts";
import { python } from "../targets/pytorch.ts";
import type { Contestant } from "./contestant.ts";

/** Why Google's library can't run, if it can't. */
export function googleAbsence(): string | undefined {
  return spawnSync(python, ["-c", "import sentencepiece"], { stdio: "ignore" }).status === 0 ? undefined : `${python} cannot import sentencepiece (Debian: python3-sentencepiece)`;
}

/**
 * Google's library in a process of its own, one thread; its own clock measures.
 *
 * @param folder where the model and the texts are left for it
 */
export async function google(modelBytes: Uint8Array, texts: readonly string[], folder: string): Promise<Contestant[]> {
  const model = join(folder, "model.model");
  const lines = join(folder, "texts.json");
  writeFileSync(model, modelBytes);
  writeFileSync(lines, JSON.stringify(texts));
  const child = spawn(python, [join(benchFolder, "src/tokenizers/sentencepiece_worker.py"), model, lines], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<unknown> => {
    child.stdin.write(`${question}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error(`${python} ended early`);
    return JSON.parse(value as string);
  };
  const version = (await ask("version")) as string;
  const contestant = (name: string, question: string): Contestant => ({
    title: `sentencepiece ${version} from Python, ${name}`,
    time: async () => (await ask(question)) as number,
    ids: async () => (await ask("ids")) as number[][],
  });
  return [contestant("one by one", "single"), { ...contestant("one list, one thread", "batch"), close: () => child.stdin.end() }];
}
