import { access } from "node:fs/promises";
import { loadCheckpoint, openCheckpoint, saveCheckpoint } from "@multiway/checkpoint";
import { DataError, TrainingError } from "@multiway/errors";
import { Tensor, type Device } from "@multiway/tensor";
import { restoreState, stateTensors } from "@multiway/training";

/** What a run depends on, so that it goes on as it began. */
export type RunSettings = Readonly<Record<string, string | number | boolean | null>>;

/** An evaluation in the course of a run. */
export interface EvaluationRecord {
  /** Steps done. */
  step: number;
  score: number;
  figures: Readonly<Record<string, number>>;
}

/** What a stopped run has come to, beside its tensors. */
export interface RunRecord {
  settings: RunSettings;
  learningRate: number;
  /** Steps done. */
  step: number;
  evaluations: EvaluationRecord[];
  /** Of training, over all sittings. */
  seconds: number;
}

/** Writes tensors and record together, so that they always belong to each other. */
export async function saveRun(file: string, state: unknown, record: RunRecord): Promise<void> {
  await saveCheckpoint(file, stateTensors(state), { format: "multiway run 1", run: JSON.stringify(record) });
}

/** The record of a stopped run. @throws DataError when there is none; TrainingError when it was another run */
export async function readRun(file: string, settings: RunSettings): Promise<RunRecord> {
  await access(file).catch((cause: unknown) => {
    throw new DataError(`--resume: ${file} cannot be read; expected what a stopped run left there. Start without --resume, or name the run's folder with --out.`, { cause });
  });
  await using reader = await openCheckpoint(file);
  const record = JSON.parse(reader.metadata["run"] ?? "null") as RunRecord | null;
  if (!record) throw new DataError(`--resume: ${file} is no saved run; expected what a stopped run left there. Start without --resume.`);
  for (const [name, value] of Object.entries(settings)) {
    if (record.settings[name] === value) continue;
    throw new TrainingError(`--resume: the saved run has ${name} ${record.settings[name]}, this one ${value}; expected the data and options that the run began with. Give those (only --learning-rate may change), or start without --resume.`, { details: { name } });
  }
  return record;
}

/** A state like the given one, with the saved tensors. Those given are freed. */
export async function loadRun<S>(file: string, state: S, device: Device): Promise<S> {
  const saved = await loadCheckpoint(file, { device });
  const restored = restoreState(state, saved);
  const kept = new Set(Object.values(stateTensors(restored)));
  for (const tensor of [...Object.values(saved), ...Object.values(stateTensors(state))]) if (!kept.has(tensor) && tensor instanceof Tensor) tensor.dispose();
  return restored;
}
