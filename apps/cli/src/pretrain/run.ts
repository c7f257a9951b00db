import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { evaluatePretraining, pretrainingBatches, pretrainingTask, startPretraining, writeModelFolder, type PretrainingBatch, type PretrainingState } from "@multiway/beit3";
import { saveCheckpoint } from "@multiway/checkpoint";
import { AdamW } from "@multiway/optim";
import { key as makeKey } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import { writeAtomic } from "../files/write-atomic.ts";
import type { Ui } from "../progress/ui.ts";
import { logRecords, reopenLog } from "../training-run/log-records.ts";
import { loadRun, readRun, type EvaluationRecord, type RunRecord, type RunSettings } from "../training-run/saved-run.ts";
import { stateFileIn, trainAndKeep } from "../training-run/train-and-keep.ts";
import { setUpPretraining, type PretrainSetUp, type PretrainSetUpFlags } from "./set-up.ts";

export interface PretrainRunFlags extends PretrainSetUpFlags {
  out: string;
  seed: number;
  resume: boolean;
}

/** What a run learns, and the visual tokens that it learns to guess. */
interface PretrainRunState {
  tokenizer: PatchTokenizer;
  state: PretrainingState;
}

const maxGradientNorm = 3;
const evaluationBatch = 64;

/**
 * Pretrains on a folder; the best model goes to `model` in the out folder, which exists.
 *
 * @returns the best evaluation, or undefined when the run was stopped and its state saved
 * @throws the signal's reason when it was stopped before the first step
 */
export async function runPretraining(flags: PretrainRunFlags, { device, ui, signal }: { device: Device; ui: Ui; signal: AbortSignal }): Promise<EvaluationRecord | undefined> {
  const { out: outFolder, batch: batchSize } = flags;
  const progressOf = (stage: string) => (step: number, steps: number) => ui.progress({ stage, step, steps, itemsPerSecond: 0, elapsedSeconds: 0, secondsLeft: 0, metrics: {} });
  const key = makeKey(flags.seed);
  const run = await setUpPretraining(flags, { device, key: key.fold(0) });
  for (const note of run.notes) ui.note(note);
  const { model, sizes, course, context, plainContext, training, validation } = run;
  const { patchSize } = sizes;
  const settings = settingsOf(run, flags);
  const saved = flags.resume ? await readRun(stateFileIn(outFolder), settings) : undefined;
  const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...saved, learningRate: course.learningRate };

  if (!saved) ui.stage("Learning visual tokens");
  const { tokenizer: codes, used } = await run.visualTokens({ key: key.fold(1), signal, isResumed: saved !== undefined, onProgress: progressOf("visual tokens") });
  if (used !== undefined) ui.note(`${used} of ${flags.codes} visual tokens are in use`);
  const optimizer = new AdamW({ betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 });
  const first: PretrainRunState = { tokenizer: codes, state: startPretraining(model, optimizer, device) };
  const state = saved ? await loadRun(stateFileIn(outFolder), first, device) : first;
  const { tokenizer } = state;
  const task = pretrainingTask({
    tokenizer,
    optimizer,
    maxGradientNorm,
    prepare: pretrainingBatches(context, training, { patchSize, batchSize, key: key.fold(2) }),
    itemsPerBatch: 3 * batchSize,
  });

  ui.stage("Pretraining", `${model.countParameters().toLocaleString("en-US")} parameters, ${course.steps} steps of ${batchSize} pictures, texts and pairs`);
  let isFinished: boolean;
  {
    await using log = await reopenLog(outFolder, saved);
    isFinished = await trainAndKeep(
      {
        training: withTokenizer(task),
        state,
        course,
        key: key.fold(3),
        outFolder,
        record,
        isResumed: saved !== undefined,
        signal,
        onRecord: logRecords(log),
        evaluate: async ({ state: { model: current } }) => {
          const figures = await evaluatePretraining(current, tokenizer, plainContext, validation, { patchSize, batchSize: evaluationBatch, key: key.fold(4), signal, onProgress: progressOf("evaluation") });
          return { score: -figures.loss, figures: { ...figures } };
        },
        keep: async ({ state: { model: current } }) => {
          await mkdir(join(outFolder, "model"), { recursive: true });
          await writeModelFolder(join(outFolder, "model"), current, run);
          await saveCheckpoint(join(outFolder, "visual-tokens.safetensors"), tokenizer.stateDict());
        },
      },
      ui,
    );
    await log.flush();
  }
  if (!isFinished) return undefined;
  const best = record.evaluations.reduce((most, evaluation) => (evaluation.score > most.score ? evaluation : most));
  const result = { seed: flags.seed, steps: course.steps, parameters: model.countParameters(), best, evaluations: record.evaluations, seconds: Math.round(record.seconds) };
  await writeAtomic(join(outFolder, "result.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  return best;
}

/** The task over a state that carries its visual tokens along, so that they are saved with it. */
const withTokenizer = ({ step, ...task }: Task<PretrainingState, PretrainingBatch>): Task<PretrainRunState, PretrainingBatch> => ({
  ...task,
  step: ({ tokenizer, state }, ...rest) => {
    const { state: next, metrics } = step(state, ...rest);
    return { state: { tokenizer, state: next }, metrics };
  },
});

/** What must stay as it is for a run to go on. */
function settingsOf({ training, validation, course, sizes }: PretrainSetUp, { seed, batch, codes, dropPath, augment }: PretrainRunFlags): RunSettings {
  const { learningRate: _, ...rest } = course;
  return { task: "pretraining", seed, batch, codes, dropPath, augment, pictures: training.images.length, texts: training.texts.length, pairs: training.pairs.length, validation: validation.pairs.length, ...rest, ...sizes };
}
