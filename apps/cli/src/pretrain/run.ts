import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { PretrainedModel, writeModelFolder } from "@multiway/beit3";
import { key as makeKey } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { trainAndKeep, type EvaluationRecord, type RunRecord } from "@multiway/training";
import { writeAtomic } from "../files/write-atomic.ts";
import type { Ui } from "../progress/ui.ts";
import { logRecords, reopenLog } from "../training-run/log-records.ts";
import { keepingIn, readRunIn, stateFileIn } from "../training-run/run-folder.ts";
import { setUpPretraining, type PretrainSetUpFlags } from "./set-up.ts";

export interface PretrainRunFlags extends PretrainSetUpFlags {
  out: string;
  seed: number;
  resume: boolean;
}

/**
 * Pretrains on a folder; the best model goes to `model` in the out folder, which exists.
 *
 * @returns the best evaluation, or undefined when the run was stopped and its state saved
 * @throws the signal's reason when it was stopped before the first step
 */
export async function runPretraining(flags: PretrainRunFlags, { device, ui, signal }: { device: Device; ui: Ui; signal: AbortSignal }): Promise<EvaluationRecord | undefined> {
  const { out: outFolder, batch, seed } = flags;
  const progressOf = (stage: string) => (step: number, steps: number) => ui.progress({ stage, step, steps, itemsPerSecond: 0, elapsedSeconds: 0, secondsLeft: 0, metrics: {} });
  const { run, tokenizer: vocabulary, notes } = await setUpPretraining(flags, { device, key: makeKey(seed) });
  for (const note of notes) ui.note(note);
  const { model, course, description } = run;
  const settings = run.settings(seed);
  const saved = flags.resume ? await readRunIn(outFolder, settings) : undefined;
  const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...saved, learningRate: course.learningRate };

  let state;
  if (saved) state = await run.resume(stateFileIn(outFolder));
  else {
    ui.stage("Learning visual tokens");
    const { tokenizer, used } = await run.learnVisualTokens({ signal, onProgress: progressOf("visual tokens") });
    ui.note(`${used} of ${flags.codes} visual tokens are in use`);
    state = run.begin(tokenizer);
  }
  const { tokenizer } = state;

  ui.stage("Pretraining", `${model.countParameters().toLocaleString("en-US")} parameters, ${course.steps} steps of ${batch} pictures, texts and pairs`);
  let isFinished: boolean;
  {
    await using log = await reopenLog(outFolder, saved);
    ({ isFinished } = await trainAndKeep({
      ...keepingIn(outFolder, { steps: course.steps, ui, write: logRecords(log) }),
      training: run.task(state),
      state,
      course,
      key: run.key,
      record,
      isResumed: saved !== undefined,
      signal,
      evaluate: async (current) => {
        const { score, figures } = await run.evaluate(current, { signal, onProgress: progressOf("evaluation") });
        return { score, figures: { ...figures } };
      },
      keep: async ({ state: { model: current } }) => {
        await mkdir(join(outFolder, "model"), { recursive: true });
        await writeModelFolder(join(outFolder, "model"), PretrainedModel.of(current, tokenizer), { description, tokenizer: vocabulary });
      },
    }));
    await log.flush();
  }
  if (!isFinished) return undefined;
  const best = record.evaluations.reduce((most, evaluation) => (evaluation.score > most.score ? evaluation : most));
  const result = { seed, steps: course.steps, parameters: model.countParameters(), best, evaluations: record.evaluations, seconds: Math.round(record.seconds) };
  await writeAtomic(join(outFolder, "result.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  return best;
}
