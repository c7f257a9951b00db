import { join } from "node:path";
import { examplesOfStep, fineTuningGroups, fineTuningTask, learntModel, startFineTuning, type Evaluation, type HeadModel } from "@multiway/beit3";
import { formatPlace, ShuffledSampler, type RowPlace } from "@multiway/data";
import { formatList, TrainingError } from "@multiway/errors";
import { AdamW } from "@multiway/optim";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { loadRun, trainAndKeep, type EvaluationRecord, type RunCourse, type RunRecord } from "@multiway/training";
import type { Ui } from "../progress/ui.ts";
import { keepingIn, stateFileIn, type WriteRecord } from "../training-run/run-folder.ts";
import type { OpenedTask } from "./opened-task.ts";

/** Everything about the optimization. */
export interface Optimization extends RunCourse {
  batchSize: number;
  accumulate: number;
  betas: readonly [number, number];
  weightDecay: number;
  layerDecay: number;
  headScale: number;
  maxGradientNorm?: number | undefined;
  averageDecay?: number | undefined;
}

export interface RunOptions {
  device: Device;
  task: OpenedTask;
  model: HeadModel;
  optimization: Optimization;
  outFolder: string;
  key: Key;
  record: RunRecord;
  isResumed: boolean;
  signal: AbortSignal;
  write: WriteRecord;
  /** Writes the best model so far. */
  keep: (model: HeadModel) => Promise<void>;
}

/**
 * Trains, evaluates as it goes, keeps the best, and saves its state at every evaluation and when it is stopped.
 *
 * @returns whether it came to its end
 * @throws TrainingError when a figure is no longer finite: it says where that began, and what is kept
 */
export async function runFineTuning(options: RunOptions, ui: Ui): Promise<boolean> {
  const { device, task, model, optimization, key } = options;
  const { head, data } = task;
  const { batchSize, accumulate, averageDecay } = optimization;
  const optimizer = new AdamW({
    betas: optimization.betas,
    weightDecay: optimization.weightDecay,
    groupOf: fineTuningGroups({ numLayers: model.transformer.encoder.layers.length, layerDecay: optimization.layerDecay, headScale: optimization.headScale }),
  });
  const orderKey = key.fold(1);
  ui.stage("Fine-tuning", `${model.countParameters({ trainableOnly: true }).toLocaleString("en-US")} parameters, ${data.train.length} examples, ${optimization.steps} steps of ${batchSize * accumulate}`);
  const first = await startFineTuning(model, optimizer, device, { averages: averageDecay !== undefined });
  const state = options.isResumed ? await loadRun(stateFileIn(options.outFolder), first, device) : first;
  try {
    const { isFinished } = await trainAndKeep({
      ...keepingIn(options.outFolder, { steps: optimization.steps, ui, write: options.write }),
      training: fineTuningTask({ head, examples: data.train, optimizer, batchSize, accumulate, key: orderKey, maxGradientNorm: optimization.maxGradientNorm, averageDecay }),
      state,
      course: optimization,
      key: key.fold(2),
      record: options.record,
      isResumed: options.isResumed,
      signal: options.signal,
      evaluate: (current) => evaluateWith(learntModel(current), options, ui),
      keep: (current) => options.keep(learntModel(current)),
    });
    return isFinished;
  } catch (error) {
    throw explained(error, options, orderKey);
  }
}

/** Evaluates a model on the validation examples, with progress. */
async function evaluateWith(model: HeadModel, { task, signal }: RunOptions, ui: Ui): Promise<Evaluation> {
  const started = performance.now();
  return await task.head.evaluate(model, task.data.validation, {
    signal,
    onProgress: (step, steps) => {
      const elapsedSeconds = (performance.now() - started) / 1000;
      const itemsPerSecond = step / Math.max(1e-3, elapsedSeconds);
      ui.progress({ stage: "evaluation", step, steps, itemsPerSecond, elapsedSeconds, secondsLeft: (steps - step) / itemsPerSecond, metrics: {} });
    },
  });
}

/** Says of a run whose figures are no longer finite where that began, and what is left of it. */
function explained(error: unknown, { optimization, task, record, outFolder }: RunOptions, orderKey: Key): unknown {
  if (!TrainingError.isInstance(error)) return error;
  const { step: found } = error.details as { step?: number };
  if (found === undefined) return error;
  const what = error.message.replace(/; expected a finite number.*$/s, "");
  const sampler = new ShuffledSampler({ count: task.data.train.length, batchSize: optimization.batchSize, key: orderKey });
  const rows = examplesOfStep(sampler, found, optimization.accumulate).flat().map((row) => formatPlace(task.data.train[row] as RowPlace));
  const best = record.evaluations.reduce<EvaluationRecord | undefined>((most, evaluation) => (most && most.score >= evaluation.score ? most : evaluation), undefined);
  const kept =
    record.evaluations.length === 0
      ? "Nothing was saved yet; start again with a lower --learning-rate, a longer --warmup or --clip 1."
      : `The last good state, after ${record.step} steps, is in ${stateFileIn(outFolder)}, and the best model, after ${best!.step}, in ${join(outFolder, "model")}. Go on from there with --resume and a lower --learning-rate (it was ${optimization.learningRate}).`;
  return new TrainingError(`finetune: ${what}; expected finite numbers. It began in the batch of ${formatList(rows, 4)}. ${kept}`, { cause: error, details: { step: found, record } });
}
