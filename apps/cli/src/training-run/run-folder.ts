import { access } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@multiway/errors";
import { readRun, saveRun, type RunRecord, type RunSettings, type TrainAndKeepOptions, type TrainingRecord } from "@multiway/training";
import type { Ui } from "../progress/ui.ts";
import { formatFigures } from "./format-figures.ts";

export const stateFileIn = (outFolder: string): string => join(outFolder, "run.safetensors");

/** The record of the run that an out folder holds. @throws DataError when there is none; TrainingError when it was another run */
export async function readRunIn(outFolder: string, settings: RunSettings): Promise<RunRecord> {
  const file = stateFileIn(outFolder);
  await access(file).catch((cause: unknown) => {
    throw new DataError(`--resume: ${file} cannot be read; expected what a stopped run left there. Start without --resume, or name the run's folder with --out.`, { cause });
  });
  return await readRun(file, settings, { caller: "--resume" });
}

/** How a run goes down in the log. */
export type WriteRecord = (stage: string, record: TrainingRecord) => void;

/** What `trainAndKeep` leaves in an out folder, and says on the terminal. */
export function keepingIn(outFolder: string, { steps, ui, write }: { steps: number; ui: Ui; write: WriteRecord }): Pick<TrainAndKeepOptions<unknown, unknown>, "save" | "onRecord" | "onProgress" | "onEvaluation"> {
  return {
    save: (state, record) => saveRun(stateFileIn(outFolder), state, record),
    onRecord: (record) => write("training", record),
    onProgress: (progress) => ui.progress(progress),
    onEvaluation: ({ step, figures }, isBest) => {
      write("evaluation", { step, learningRate: 0, metrics: { ...figures } });
      ui.note(`after ${step} of ${steps} steps: ${formatFigures(figures)}${isBest ? ", the best so far" : ""}`);
    },
  };
}
