import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { writeModelFolder } from "@multiway/beit3";
import type { DatasetTask } from "@multiway/data";
import { key as makeKey } from "@multiway/random";
import type { EvaluationRecord, RunRecord, RunSettings } from "@multiway/training";
import { prepareFolder } from "../files/prepare-folder.ts";
import { writeAtomic } from "../files/write-atomic.ts";
import { runFineTuning } from "../finetune/run.ts";
import { setUp, type SetUp, type SetUpFlags } from "../finetune/set-up.ts";
import { openChosenDevice, type DeviceChoice } from "../open-chosen-device.ts";
import { beginTraining } from "../training-run/begin.ts";
import { formatFigures } from "../training-run/format-figures.ts";
import { logRecords, reopenLog } from "../training-run/log-records.ts";
import { readRunIn } from "../training-run/run-folder.ts";
import { evaluateFolder } from "../finetune/evaluate-folder.ts";

/** What `multiway finetune` was asked for. */
export interface FinetuneFlags extends SetUpFlags {
  out?: string;
  seed: number;
  device: DeviceChoice;
  threads?: number;
  resume: boolean;
}

/** @returns the exit code */
export async function finetune(task: DatasetTask, flags: FinetuneFlags): Promise<number> {
  const outFolder = flags.out ?? join("out/finetune", task);
  const { ui, interrupts } = beginTraining(outFolder);
  try {
    await prepareFolder(outFolder);
    const device = await openChosenDevice(flags);
    try {
      ui.note(`Device: ${device.name}, ${device.description}`);
      const key = makeKey(flags.seed);
      const run = await setUp(task, flags, { device, key: key.fold(0), isResumed: flags.resume });
      for (const note of run.notes) ui.note(note);
      const settings = settingsOf(task, run, flags);
      const saved = flags.resume ? await readRunIn(outFolder, settings) : undefined;
      const { learningRate } = run.optimization;
      if (saved && saved.learningRate !== learningRate) ui.note(`The learning rate's peak was ${saved.learningRate}; from step ${saved.step} on it is ${learningRate}.`);
      const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...saved, learningRate };
      const modelFolder = join(outFolder, "model");
      let isFinished: boolean;
      {
        await using log = await reopenLog(outFolder, saved);
        isFinished = await runFineTuning(
          {
            ...run,
            device,
            outFolder,
            key,
            record,
            isResumed: saved !== undefined,
            signal: interrupts.signal,
            write: logRecords(log),
            keep: async (model) => {
              await mkdir(modelFolder, { recursive: true });
              await writeModelFolder(modelFolder, model, run);
            },
          },
          ui,
        );
        await log.flush();
      }
      if (!isFinished) {
        ui.done();
        process.stderr.write("Stopped. The same command with --resume goes on from here.\n");
        return interrupts.exitCode;
      }
      const best = record.evaluations.reduce((most, evaluation) => (evaluation.score > most.score ? evaluation : most));
      const test = run.task.data.test && (await evaluateFolder(task, { ...flags, model: modelFolder, split: "test" }, { device, ui, signal: interrupts.signal }));
      const result = { task, seed: flags.seed, steps: run.optimization.steps, parameters: run.model.countParameters({ trainableOnly: true }), best, ...(test && { test: test.figures }), evaluations: record.evaluations, seconds: Math.round(record.seconds) };
      await writeAtomic(join(outFolder, "result.json"), `${JSON.stringify(result, undefined, 2)}\n`);
      ui.done();
      process.stdout.write(summary(outFolder, best, test?.figures));
      return 0;
    } catch (error) {
      if (!interrupts.signal.aborted || error !== interrupts.signal.reason) throw error;
      ui.done();
      process.stderr.write("Stopped.\n");
      return interrupts.exitCode;
    } finally {
      await device.close();
    }
  } finally {
    ui.done();
    interrupts.release();
  }
}

/** What must stay as it is for a run to go on. */
function settingsOf(task: DatasetTask, { task: opened, optimization, description }: SetUp, { seed, augment, flip, mix }: FinetuneFlags): RunSettings {
  const { learningRate: _, ...rest } = optimization;
  const plain = Object.entries({ ...rest, betas: rest.betas.join(" "), augment, flip, mix, maxTextLength: description.maxTextLength, ...description.model });
  return {
    task,
    seed,
    examples: opened.data.train.length,
    validation: opened.data.validation.length,
    ...Object.fromEntries(plain.map(([name, value]) => [name, value ?? null])),
  };
}

function summary(outFolder: string, best: EvaluationRecord, test: Readonly<Record<string, number>> | undefined): string {
  const shown = (name: string) => {
    const path = join(outFolder, name);
    const fromHere = relative(process.cwd(), path);
    return fromHere.startsWith("..") ? path : fromHere;
  };
  const lines = [`\nBest on validation, after ${best.step} steps   ${formatFigures(best.figures)}`];
  if (test) lines.push(`The same on test   ${formatFigures(test)}`);
  lines.push("", `Model    ${shown("model")}`, `Figures  ${shown("result.json")}`, `Log      ${shown("log.jsonl")}`);
  return `${lines.join("\n")}\n`;
}
