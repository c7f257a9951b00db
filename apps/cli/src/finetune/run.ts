import { join } from "node:path";
import { examplesOfStep, fineTuningTask, fineTuningGroups, learntModel, startFineTuning, type Evaluation, type FineTuningState, type HeadModel } from "@multiway/beit3";
import { formatPlace, ShuffledSampler, type RowPlace } from "@multiway/data";
import { formatList, NumericError, TrainingError } from "@multiway/errors";
import { AdamW, warmupCosine } from "@multiway/optim";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { train, type TrainingRecord } from "@multiway/training";
import type { Ui } from "../progress/ui.ts";
import type { OpenedTask } from "./opened-task.ts";
import { loadRun, saveRun, type EvaluationRecord, type RunRecord } from "./saved-run.ts";

/** Everything about the optimization. */
export interface Optimization {
  steps: number;
  batchSize: number;
  accumulate: number;
  learningRate: number;
  minimumRate: number;
  warmupSteps: number;
  betas: readonly [number, number];
  weightDecay: number;
  layerDecay: number;
  headScale: number;
  maxGradientNorm?: number | undefined;
  averageDecay?: number | undefined;
  evaluateEvery: number;
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
  onRecord: (stage: string, record: TrainingRecord) => void;
  /** Writes the best model so far. */
  keep: (model: HeadModel) => Promise<void>;
}

export const stateFileIn = (outFolder: string): string => join(outFolder, "run.safetensors");

/**
 * Trains, evaluates as it goes, keeps the best, and saves its state at every evaluation and when it is stopped.
 *
 * @returns whether it came to its end
 * @throws TrainingError when a figure is no longer finite: it says where that began, and what is kept
 */
export async function runFineTuning(options: RunOptions, ui: Ui): Promise<boolean> {
  const { device, task, model, optimization, outFolder, key, record, signal } = options;
  const { head, data } = task;
  const { batchSize, accumulate, steps, evaluateEvery, warmupSteps, averageDecay } = optimization;
  const optimizer = new AdamW({
    betas: optimization.betas,
    weightDecay: optimization.weightDecay,
    groupOf: fineTuningGroups({ numLayers: model.transformer.encoder.layers.length, layerDecay: optimization.layerDecay, headScale: optimization.headScale }),
  });
  const orderKey = key.fold(1);
  const training = fineTuningTask({ head, examples: data.train, optimizer, batchSize, accumulate, key: orderKey, maxGradientNorm: optimization.maxGradientNorm, averageDecay });
  let state = await startFineTuning(model, optimizer, device, { averages: averageDecay !== undefined });
  const stateFile = stateFileIn(outFolder);
  if (options.isResumed) state = await loadRun(stateFile, state, device);

  const evaluate = async (current: FineTuningState<HeadModel>, step: number): Promise<void> => {
    if (record.evaluations.at(-1)?.step === step) return;
    const { score, figures } = await evaluateWith(learntModel(current), options, ui).catch((error: unknown) => {
      if (!NumericError.isInstance(error)) throw error;
      // The last update did it: the loss before was a number.
      throw new TrainingError(`the model gives no numbers any more after ${step} steps (${error.message.replace(/\.$/, "")}); expected a finite number.`, { cause: error, details: { step: step - 1 } });
    });
    const best = record.evaluations.reduce((most, evaluation) => Math.max(most, evaluation.score), -Infinity);
    record.evaluations.push({ step, score, figures });
    options.onRecord("evaluation", { step, learningRate: 0, metrics: { ...figures } });
    ui.note(`after ${step} of ${steps} steps: ${formatFigures(figures)}${score > best ? ", the best so far" : ""}`);
    if (score > best) await options.keep(learntModel(current));
  };
  const isDue = (step: number): boolean => step > 0 && (step % evaluateEvery === 0 || step === steps);

  // A run that was stopped in the middle of an evaluation does it again.
  try {
    if (options.isResumed && isDue(record.step)) await evaluate(state, record.step);
  } catch (error) {
    if (isAbort(error, signal)) return false;
    throw error;
  }
  const before = record.seconds;
  const started = performance.now();
  ui.stage("Fine-tuning", `${model.countParameters({ trainableOnly: true }).toLocaleString("en-US")} parameters, ${data.train.length} examples, ${steps} steps of ${batchSize * accumulate}`);
  try {
    const { isFinished } = await train(training, state, {
      steps,
      schedule: warmupCosine({ peak: optimization.learningRate, warmupSteps, totalSteps: steps, minimum: Math.min(optimization.minimumRate, optimization.learningRate) }),
      key: key.fold(2),
      firstStep: record.step,
      signal,
      saveEvery: evaluateEvery,
      save: async (current, step) => {
        record.seconds = before + (performance.now() - started) / 1000;
        // Before the state is saved: one that gives no numbers any more must not replace one that does.
        if (isDue(step)) await evaluate(current, step).catch((error: unknown) => {
          if (!isAbort(error, signal)) throw error;
        });
        record.step = step;
        await saveRun(stateFile, current, record);
      },
      onRecord: (one) => options.onRecord("training", one),
      onProgress: (progress) => ui.progress(progress),
    });
    return isFinished && record.evaluations.at(-1)?.step === steps;
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

const isAbort = (error: unknown, signal: AbortSignal): boolean => signal.aborted && error === signal.reason;

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

export const formatFigures = (figures: Readonly<Record<string, number>>): string => Object.entries(figures).map(([name, value]) => `${name} ${formatFigure(name, value)}`).join(", ");

/** Shares as percent; caption scores as they are printed elsewhere. */
const formatFigure = (name: string, value: number): string => (/^(cider|bleu|rouge|meteor)/i.test(name) ? value.toFixed(3) : `${(100 * value).toFixed(2)} %`);
