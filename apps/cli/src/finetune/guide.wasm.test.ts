import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { multiway } from "./finetune.samples.ts";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const guide = await readFile(join(root, "docs/guides/fine-tuning.md"), "utf8");
const prefix = "npx --yes pnpm@12 multiway ";
/** Every command of the guide, in order. */
const commands = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => block!.replaceAll("\\\n", "").trim().split("\n")).map((line) => {
  if (!line.startsWith(prefix)) throw new Error(`the guide has a command that is none of multiway: ${line}`);
  return line.slice(prefix.length).trim().split(/\s+/);
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-guide-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Paths from the root of the clone, and what is written into a folder that goes again. */
const placed = (word: string): string => (word.startsWith("out/") ? join(folder, word) : word.startsWith("apps/") ? join(root, word) : word);

test("the guide has an example of every task, and evaluates it", () => {
  for (const task of ["classification", "retrieval", "captioning", "vqa", "reasoning"]) for (const verb of ["finetune", "evaluate"]) expect(commands.some(([one, two]) => one === verb && two === task)).toBe(true);
});

// As the guide has them, but for the number of steps, in one process after the other's models.
test.each(commands.map((words) => [words.slice(0, 2).join(" "), words] as const))("%s", { timeout: 60_000 }, async (_, words) => {
  const fewer = words[0] === "finetune" ? ["--steps", "2", "--eval-every", "2"] : [];
  const { code, stdout, stderr } = await multiway(...words.map(placed), ...fewer, "--device", "wasm", "--threads", "1");
  expect(stderr).not.toMatch(/^multiway: /m);
  expect(code).toBe(0);
  expect(stdout).toMatch(words[0] === "evaluate" ? /\d+ validation examples: |"split":"validation","examples":24/ : /Best on validation, after \d+ steps/);
});
