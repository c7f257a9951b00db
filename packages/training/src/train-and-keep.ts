import { NumericError, TrainingError } from "@multiway/errors";
import { warmupCosine } from "@multiway/optim";
import type { Key } from "@multiway/random";
import type { Progress } from "./rate.ts";
import type { EvaluationRecord, RunRecord } from "./saved-run.ts";
import { train, type Task, type TrainingRecord } from "./train.ts";

/** The course of a run. */
export interface RunCourse {
  steps: number;
  /** The peak of a warm-up and a cosine. */
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
  /** What the run has come to; it is written on. */
  record: RunRecord;
  isResumed?: boolean;
  signal: AbortSignal;
  /** How good a state is; higher is better. */
  evaluate: (state: S) => Promise<{ score: number; figures: Readonly<Record<string, number>> }>;
  /** Keeps the best so far. */
  keep: (state: S) => Promise<void>;
  /** Keeps what there is to go on from, as `saveRun` does: at every evaluation, every `saveEvery` steps, and when the run is stopped. */
  save: (state: S, record: RunRecord) => Promise<void>;
  /** Steps from one saving to the next. It divides the steps between evaluations. Default: those. */
  saveEvery?: number;
  /** As `train` has it. */
  stepsAhead?: number;
  onRecord?: (record: TrainingRecord) => void;
  onProgress?: (progress: Progress) => void;
  onEvaluation?: (evaluation: EvaluationRecord, isBest: boolean) => void;
}

/**
 * Trains, evaluates as it goes, keeps the best, and saves its state at every evaluation and when it is stopped.
 *
 * @returns whether it came to its end, and the last state
 * @throws TrainingError when a figure is no longer finite, at its step
 */
export async function trainAndKeep<S, B>(options: TrainAndKeepOptions<S, B>): Promise<{ isFinished: boolean; state: S }> {
  const { training, state, course, key, record, isResumed = false, signal, evaluate, keep, save, onRecord, onProgress, onEvaluation } = options;
  const { steps, evaluateEvery, warmupSteps, learningRate, minimumRate } = course;

  const evaluateAt = async (current: S, step: number): Promise<void> => {
    if (record.evaluations.at(-1)?.step === step) return;
    const { score, figures } = await evaluate(current).catch((error: unknown) => {
      if (!NumericError.isInstance(error)) throw error;
      // The last update did it: the loss before was a number.
      throw new TrainingError(`the model gives no numbers any more after ${step} steps (${error.message.replace(/\.$/, "")}); expected a finite number.`, { cause: error, details: { step: step - 1 } });
    });
    const best = record.evaluations.reduce((most, evaluation) => Math.max(most, evaluation.score), -Infinity);
    const evaluation: EvaluationRecord = { step, score, figures };
    record.evaluations.push(evaluation);
    onEvaluation?.(evaluation, score > best);
    if (score > best) await keep(current);
  };
  const isDue = (step: number): boolean => step > 0 && (step % evaluateEvery === 0 || step === steps);

  // A run that was stopped in the middle of an evaluation does it again.
  try {
    if (isResumed && isDue(record.step)) await evaluateAt(state, record.step);
  } catch (error) {
    if (isAbort(error, signal)) return { isFinished: false, state };
    throw error;
  }
  const before = record.seconds;
  const started = performance.now();
  const result = await train(training, state, {
    steps,
    schedule: warmupCosine({ peak: learningRate, warmupSteps, totalSteps: steps, minimum: Math.min(minimumRate, learningRate) }),
    key,
    firstStep: record.step,
    signal,
    saveEvery: options.saveEvery ?? evaluateEvery,
    save: async (current, step) => {
      record.seconds = before + (performance.now() - started) / 1000;
      // Before the state is saved: one that gives no numbers any more must not replace one that does.
      if (isDue(step)) await evaluateAt(current, step).catch((error: unknown) => {
        if (!isAbort(error, signal)) throw error;
      });
      record.step = step;
      await save(current, record);
    },
    ...(options.stepsAhead !== undefined && { stepsAhead: options.stepsAhead }),
    ...(onRecord && { onRecord }),
    ...(onProgress && { onProgress }),
  });
  return { isFinished: result.isFinished && record.evaluations.at(-1)?.step === steps, state: result.state };
}

const isAbort = (error: unknown, signal: AbortSignal): boolean => signal.aborted && error === signal.reason;
