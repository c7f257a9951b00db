import { loadCheckpoint, openCheckpoint, saveCheckpoint, type CheckpointSource, type CheckpointTarget } from "@multiway/checkpoint";
import { DataError, TrainingError } from "@multiway/errors";
import { Tensor, type Device } from "@multiway/tensor";
import { restoreState, stateTensors } from "./state.ts";

/** What a run depends on, so that it goes on as it began. */
export type RunSettings = Readonly<Record<string, string | number | boolean | null>>;

/** An evaluation in the course of a run. */
export interface EvaluationRecord {
  /** Steps done. */
  step: number;
  score: number;
  figures: Readonly<Record<string, number>>;
}

/** What a run has come to, beside its tensors. */
export interface RunRecord {
  settings: RunSettings;
  learningRate: number;
  /** Steps done. */
  step: number;
  evaluations: EvaluationRecord[];
  /** Of training, over all sittings. */
  seconds: number;
}

/** Writes tensors and record together, so that they always belong to each other. @throws CheckpointError when the file cannot be written */
export async function saveRun(target: CheckpointTarget, state: unknown, record: RunRecord): Promise<void> {
  await saveCheckpoint(target, stateTensors(state), { format: "multiway run 1", run: JSON.stringify(record) }, { format: "safetensors" });
}

/**
 * The record of a saved run.
 *
 * @param settings those of the run that is to go on; a seed, sizes, counts of examples
 * @param options.name    what messages call the file
 * @param options.caller  what messages begin with
 * @throws DataError for a file that is no saved run; TrainingError, naming the first setting that differs, when it was another run
 */
export async function readRun(source: CheckpointSource, settings: RunSettings, { name = typeof source === "string" ? source : "the file", caller = "readRun" }: { name?: string; caller?: string } = {}): Promise<RunRecord> {
  await using reader = await openCheckpoint(source);
  const record = JSON.parse(reader.metadata["run"] ?? "null") as RunRecord | null;
  if (!record) throw new DataError(`${caller}: ${name} is no saved run; expected what a stopped run left. Start anew.`);
  for (const [setting, value] of Object.entries(settings)) {
    if (record.settings[setting] === value) continue;
    throw new TrainingError(`${caller}: the saved run has ${setting} ${record.settings[setting]}, this one ${value}; expected the data and options that the run began with. Give those (only the learning rate may change), or start anew.`, { details: { setting } });
  }
  return record;
}

/** A state like the given one, with the saved tensors. Those given are freed. @throws TrainingError naming everything that is missing or of another shape */
export async function loadRun<S>(source: CheckpointSource, state: S, device: Device): Promise<S> {
  const saved = await loadCheckpoint(source, { device });
  const restored = restoreState(state, saved);
  const kept = new Set(Object.values(stateTensors(restored)));
  for (const tensor of [...Object.values(saved), ...Object.values(stateTensors(state))]) if (!kept.has(tensor) && tensor instanceof Tensor) tensor.dispose();
  return restored;
}
