import { access, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { deviceChoices, openChosenDevice } from "../../apps/cli/src/open-chosen-device.ts";
import { runPretraining } from "../../apps/cli/src/pretrain/run.ts";
import { formatFigures } from "../../apps/cli/src/training-run/format-figures.ts";
import { beginTraining } from "../../apps/cli/src/training-run/begin.ts";
import { prepareFolder } from "../../apps/cli/src/files/prepare-folder.ts";
import { MultiwayError, OptionError } from "../../packages/errors/src/index.ts";
import { sets, writeExampleData } from "../example-data/sets.ts";
import { recipe } from "./recipe.ts";
import { tune } from "./tune.ts";

const usage = `Makes @multiway/model-mini again: lays out the data, pretrains, tunes the five heads together, and puts model and figures into packages/model-mini.

  pnpm model-mini --from FOLDER [--out FOLDER] [--device auto|webgpu|wasm]

--from holds digits, emoji, nlvr1, coco-cc and coco-captions, as \`pnpm example-data\` reads them. What was stopped goes on where it was.`;

const packageFolder = fileURLToPath(new URL("../../packages/model-mini", import.meta.url));
const modelFiles = ["model.json", "model.safetensors", "sentencepiece.model"];
const sourceOf = { digits: "digits", emoji: "emoji", "emoji-captions": "emoji", descriptions: "nlvr1", sentences: "nlvr1", statements: "nlvr1", questions: "nlvr1", mixture: "." } as const;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    options: { from: { type: "string" }, out: { type: "string", default: "out/model-mini" }, device: { type: "string", default: "auto" }, help: { type: "boolean", short: "h" } },
  });
  if (values.help) return console.log(usage), 0;
  if (values.from === undefined) throw new OptionError(`model-mini: give --from, the folder of the data.\n\n${usage}`);
  const { out, from } = values;
  const choice = deviceChoices.find((name) => name === values.device);
  if (!choice) throw new OptionError(`model-mini: --device is ${values.device}; expected ${deviceChoices.join(", ")}.`);
  const dataOf = (set: keyof typeof sourceOf): string => join(out, "data", set);
  for (const set of Object.keys(sourceOf) as (keyof typeof sourceOf)[]) {
    if (await exists(join(dataOf(set), "train.jsonl"))) continue;
    console.error(`Laying out ${set}`);
    await writeExampleData(await sets[set](join(from, sourceOf[set])), dataOf(set), console.error);
  }

  const { ui, interrupts } = beginTraining(out);
  const device = await openChosenDevice({ device: choice });
  try {
    ui.note(`Device: ${device.name}, ${device.description}`);
    const { signal } = interrupts;
    const pretrained = join(out, "pretrained");
    if (!(await exists(join(pretrained, "result.json")))) {
      await prepareFolder(pretrained);
      const { sizes, pretraining, vocabulary, seed } = recipe;
      const sizesFile = join(out, "sizes.json");
      await writeFile(sizesFile, JSON.stringify(sizes));
      const resume = await exists(join(pretrained, "run.safetensors"));
      if (!(await runPretraining({ ...pretraining, data: dataOf("mixture"), out: pretrained, new: sizesFile, vocabulary, seed, resume, augment: "light" }, { device, ui, signal }))) return interrupts.exitCode;
    }
    const best = await tune({ recipe, pretrained, dataOf, out: join(out, "tuned"), device, ui, signal });
    if (!best) return interrupts.exitCode;
    ui.done();
    await publish(join(out, "tuned/model"), { recipe, pretraining: JSON.parse(await readFile(join(pretrained, "result.json"), "utf8")) as object, tuning: best });
    console.log(`Best after ${best.step} steps: ${formatFigures(best.figures)}\n${packageFolder} has the model now.`);
    return 0;
  } finally {
    ui.done();
    interrupts.release();
    await device.close();
  }
}

/** Copies the model into the package, with its figures. */
async function publish(folder: string, figures: object): Promise<void> {
  const target = join(packageFolder, "model");
  await mkdir(target, { recursive: true });
  for (const file of modelFiles) await copyFile(join(folder, file), join(target, file));
  await writeFile(join(packageFolder, "figures.json"), `${JSON.stringify(figures, undefined, 2)}\n`);
  const bytes = (await Promise.all(modelFiles.map((file) => stat(join(target, file))))).reduce((sum, { size }) => sum + size, 0);
  console.log(`${(bytes / 1e6).toFixed(2)} MB`);
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MultiwayError) && (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
