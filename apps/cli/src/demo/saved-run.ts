import { readFile } from "node:fs/promises";
import { DataError, TrainingError } from "@multiway/errors";
import { openCheckpoint, saveCheckpoint } from "@multiway/checkpoint";
import { stateTensors } from "@multiway/training";
import type { Curve, DemoResult, FilledName, FilledPatches } from "./result.ts";

export type TrainingStageName = "pretraining" | "retrieval" | "fromScratch";

/** What a stopped run has found out so far, beside its tensors. */
export interface RunRecord {
  seed: number;
  steps: number;
  batchSize: number;
  compare: boolean;
  stage: TrainingStageName;
  /** Steps of the stage that are done. */
  step: number;
  used: number;
  curves: Partial<Record<TrainingStageName, Curve>>;
  seconds: Record<string, number>;
  naming?: DemoResult["naming"];
  maskedPatches?: DemoResult["maskedPatches"];
  names?: FilledName[];
  patches?: FilledPatches[];
  retrieval?: DemoResult["retrieval"];
}

/** Writes tensors and record together, so that they always belong to each other. */
export async function saveRun(file: string, state: unknown, record: RunRecord): Promise<void> {
  await saveCheckpoint(file, stateTensors(state), { format: "multiway demo run 1", run: JSON.stringify(record) });
}

/** The record of a stopped run. @throws DataError when there is none; TrainingError when it was another run */
export async function readRun(file: string, expected: Pick<RunRecord, "seed" | "steps" | "batchSize" | "compare">): Promise<RunRecord> {
  await readFile(file).catch((cause: unknown) => {
    throw new DataError(`--resume: ${file} cannot be read; expected what a stopped run left there. Start without --resume, or name the run's folder with --out.`, { cause });
  });
  await using reader = await openCheckpoint(file);
  const record = JSON.parse(reader.metadata["run"] ?? "null") as RunRecord | null;
  if (!record) throw new DataError(`--resume: ${file} is no saved run of the demo; expected what a stopped run left there. Start without --resume.`);
  for (const name of ["seed", "steps", "batchSize", "compare"] as const) {
    if (record[name] === expected[name]) continue;
    throw new TrainingError(`--resume: the saved run has ${name} ${record[name]}, this one ${expected[name]}; expected the options that the run began with. Pass --${name === "batchSize" ? "batch" : name} ${record[name]}, or start without --resume.`);
  }
  return record;
}
