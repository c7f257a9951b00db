import { stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { TrainingRecord } from "@multiway/training";
import { defaultBatchSize } from "../demo/pretrain.ts";
import { defaultSteps, runDemo } from "../demo/run.ts";
import { readRun } from "../demo/saved-run.ts";
import { prepareFolder } from "../files/prepare-folder.ts";
import { writeAtomic } from "../files/write-atomic.ts";
import { openChosenDevice, type DeviceChoice } from "../open-chosen-device.ts";
import { TrainingLog, type LogRecord } from "../progress/log.ts";
import { beginTraining } from "../training-run/begin.ts";
import { version } from "../version.ts";
import { renderReport } from "../report/render-report.ts";
import { summary } from "./demo-summary.ts";

/** What `multiway demo` was asked for. */
export interface DemoFlags {
  device: DeviceChoice;
  steps?: number;
  batch?: number;
  seed: number;
  out: string;
  resume: boolean;
  compare: boolean;
  threads?: number;
  data: string;
}

/** @returns the exit code */
export async function demo(flags: DemoFlags): Promise<number> {
  const { out: outFolder, data: dataFolder, seed, resume, compare, steps = defaultSteps.pretraining, batch: batchSize = defaultBatchSize } = flags;
  const started = Date.now();
  const { ui, interrupts } = beginTraining(outFolder);
  try {
    await prepareFolder(outFolder);
    const stateFile = join(outFolder, "run.safetensors");
    const saved = resume ? await readRun(stateFile, { seed, steps, batchSize, compare }) : undefined;
    await using log = await TrainingLog.open(join(outFolder, "log.jsonl"), saved && ((record) => record.stage !== saved.stage || record.step < saved.step));
    const device = await openChosenDevice(flags);
    let input: Awaited<ReturnType<typeof runDemo>>;
    try {
      ui.note(`Device: ${device.name}, ${device.description}`);
      input = await runDemo({ device, dataFolder, outFolder, seed, steps, batchSize, compare, resume, signal: interrupts.signal, onRecord: recorder(log) }, ui);
    } catch (error) {
      // Work that has no state worth saving is not finished, but thrown away.
      if (!interrupts.signal.aborted || error !== interrupts.signal.reason) throw error;
      input = undefined;
    } finally {
      await device.close();
    }
    await log.flush();
    if (!input) {
      ui.done();
      const isSaved = await stat(stateFile).then(({ mtimeMs }) => mtimeMs >= started, () => false);
      process.stderr.write(isSaved ? "Stopped. The same command with --resume goes on from here.\n" : "Stopped before anything was learnt; start again without --resume.\n");
      return interrupts.exitCode;
    }
    ui.stage("Writing the report");
    await writeAtomic(join(outFolder, "result.json"), formatJson(input.result));
    await writeAtomic(join(outFolder, "report.html"), await renderReport(input, { version: version() }));
    ui.done();
    const shown = (name: string) => {
      const path = join(outFolder, name);
      const fromHere = relative(process.cwd(), path);
      return fromHere.startsWith("..") ? path : fromHere;
    };
    process.stdout.write(`\n${summary(input.result)}\n\nReport   ${shown("report.html")}\nFigures  ${shown("result.json")}\nLog      ${shown("log.jsonl")}\nModel    ${shown("model.safetensors")}, to be listed with: multiway inspect\n`);
    return 0;
  } finally {
    ui.done();
    interrupts.release();
  }
}

/** Readable, with each list of numbers in one line. */
function formatJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/\[[\s\d.,eE+-]+\]/g, (numbers) => numbers.replace(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"))}\n`;
}

/** Writes records with the time that their stage has taken; when a run goes on, its time does. */
function recorder(log: TrainingLog): (stage: string, record: TrainingRecord) => void {
  let current: string | undefined;
  let [before, began] = [0, 0];
  return (stage, { step, learningRate, metrics }) => {
    if (stage !== current) {
      current = stage;
      before = log.records.reduce((latest: number, record: LogRecord) => (record.stage === stage ? Math.max(latest, record.seconds) : latest), 0);
      began = performance.now();
    }
    log.write({ stage, step, learningRate, metrics, seconds: Math.round((before + (performance.now() - began) / 1000) * 1000) / 1000 });
  };
}
