import { join } from "node:path";
import { NumericError, TrainingError } from "@multiway/errors";
import { warmupCosine } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { train, type Task, type TrainingRecord } from "@multiway/training";
import type { Ui } from "../progress/ui.ts";
import { formatFigures } from "./format-figures.ts";
import { saveRun, type RunRecord } from "./saved-run.ts";

/** The course of a run, as the command line gives it. */
export interface RunCourse {
  steps: number;
  learningRate: number;
  minimumRate: number;
  warmupSteps: number;
  evaluateEvery: number;
}

export interface TrainAndKeepOptions<S, B> {
  training: Task<S, B>;
  /** The first state, or, of a resumed run, the saved one. */
  state: S;
  course: RunCourse;
  key: Key;
  outFolder: string;
  record: RunRecord;
  isResumed: boolean;
  signal: AbortSignal;
  onRecord: (stage: string, record: TrainingRecord) => void;
  /** How good a state is; higher is better. */
  evaluate: (state: S) => Promise<{ score: number; figures: Readonly<Record<string, number>> }>;
  /** Writes the best so far. */
  keep: (state: S) => Promise<void>;
}

export const stateFileIn = (outFolder: string): string => join(outFolder, "run.safetensors");

/**
 * Trains, evaluates as it goes, keeps the best, and saves its state at every evaluation and when it is stopped.
 *
 * @returns whether it came to its end
 * @throws TrainingError when a figure is no longer finite, at its step
 */
export async function trainAndKeep<S, B>({ training, state, course, key, outFolder, record, isResumed, signal, onRecord, evaluate, keep }: TrainAndKeepOptions<S, B>, ui: Ui): Promise<boolean> {
  const { steps, evaluateEvery, warmupSteps, learningRate, minimumRate } = course;
  const stateFile = stateFileIn(outFolder);

  const evaluateAt = async (current: S, step: number): Promise<void> => {
    if (record.evaluations.at(-1)?.step === step) return;
    const { score, figures } = await evaluate(current).catch((error: unknown) => {
      if (!NumericError.isInstance(error)) throw error;
      // The last update did it: the loss before was a number.
      throw new TrainingError(`the model gives no numbers any more after ${step} steps (${error.message.replace(/\.$/, "")}); expected a finite number.`, { cause: error, details: { step: step - 1 } });
    });
    const best = record.evaluations.reduce((most, evaluation) => Math.max(most, evaluation.score), -Infinity);
    record.evaluations.push({ step, score, figures });
    onRecord("evaluation", { step, learningRate: 0, metrics: { ...figures } });
    ui.note(`after ${step} of ${steps} steps: ${formatFigures(figures)}${score > best ? ", the best so far" : ""}`);
    if (score > best) await keep(current);
  };
  const isDue = (step: number): boolean => step > 0 && (step % evaluateEvery === 0 || step === steps);

  // A run that was stopped in the middle of an evaluation does it again.
  try {
    if (isResumed && isDue(record.step)) await evaluateAt(state, record.step);
  } catch (error) {
    if (isAbort(error, signal)) return false;
    throw error;
  }
  const before = record.seconds;
  const started = performance.now();
  const { isFinished } = await train(training, state, {
    steps,
    schedule: warmupCosine({ peak: learningRate, warmupSteps, totalSteps: steps, minimum: Math.min(minimumRate, learningRate) }),
    key,
    firstStep: record.step,
    signal,
    saveEvery: evaluateEvery,
    save: async (current, step) => {
      record.seconds = before + (performance.now() - started) / 1000;
      // Before the state is saved: one that gives no numbers any more must not replace one that does.
      if (isDue(step)) await evaluateAt(current, step).catch((error: unknown) => {
        if (!isAbort(error, signal)) throw error;
      });
      record.step = step;
      await saveRun(stateFile, current, record);
    },
    onRecord: (one) => onRecord("training", one),
    onProgress: (progress) => ui.progress(progress),
  });
  return isFinished && record.evaluations.at(-1)?.step === steps;
}

const isAbort = (error: unknown, signal: AbortSignal): boolean => signal.aborted && error === signal.reason;
