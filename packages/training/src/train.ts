import { formatValue, TrainingError } from "@multiway/errors";
import type { Schedule } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { tensorsOf, type Tensor } from "@multiway/tensor";
import { RateMeter, type Progress } from "./rate.ts";

/** One optimizer step: a compiled function of the state, which it may overwrite. */
export type TrainingStep<S, B> = (state: S, batch: B, key: Key, learningRate: number) => { state: S; metrics: Record<string, Tensor> };

/** What is learnt: how a batch is made, and what one step does with it. */
export interface Task<S, B> {
  /** For progress and logs. */
  name: string;
  /**
   * The batch of a step, made anew for it: its tensors are freed once the step has read them. It depends on the step and the key alone, so that a resumed run
   * sees what an uninterrupted one would have seen.
   */
  prepare(step: number, key: Key): B | Promise<B>;
  step: TrainingStep<S, B>;
  /** Items in a batch, for rates. */
  itemsPerBatch: number;
}

/** The figures of one step. */
export interface TrainingRecord {
  step: number;
  learningRate: number;
  metrics: Record<string, number>;
}

export interface TrainOptions<S> {
  /** Optimizer steps in all. */
  steps: number;
  schedule: Schedule;
  /** Everything random in the run comes from this key, folded by step. */
  key: Key;
  /** First step to do, when a run is resumed. Default 0. */
  firstStep?: number;
  /** How many steps may be under way before figures are awaited. Default 4. */
  stepsAhead?: number;
  onRecord?: (record: TrainingRecord) => void;
  onProgress?: (progress: Progress) => void;
  /** Saves the state: every `saveEvery` steps, and when the run is stopped. */
  save?: (state: S, step: number) => Promise<void>;
  /** Default: never before the end. */
  saveEvery?: number;
  /** Stops the run after the step under way; what was learnt is saved. */
  signal?: AbortSignal;
}

export interface TrainResult<S> {
  state: S;
  /** Steps done so far, those before `firstStep` included. */
  step: number;
  /** False when the run was stopped by its signal. */
  isFinished: boolean;
}

/**
 * Runs a task's steps in order.
 *
 * The host runs ahead of the device by a few steps and reads figures that much later, so the device never waits; batches are made while it works.
 *
 * @throws TrainingError at the first loss that is not finite; what was saved before stays
 */
export async function train<S, B>(task: Task<S, B>, initial: S, options: TrainOptions<S>): Promise<TrainResult<S>> {
  const { steps, schedule, key, firstStep = 0, stepsAhead = 4, signal } = options;
  const started = now();
  const rate = new RateMeter();
  rate.mark(0, started);
  const pending: { step: number; learningRate: number; metrics: Record<string, Tensor> }[] = [];
  let state = initial;

  const settle = async (): Promise<void> => {
    const { step, learningRate, metrics } = pending.shift()!;
    const names = Object.keys(metrics);
    const values = await Promise.all(names.map((name) => metrics[name]!.item()));
    const record: TrainingRecord = { step, learningRate, metrics: Object.fromEntries(names.map((name, index) => [name, values[index]!])) };
    const bad = names.find((_, index) => !Number.isFinite(values[index]!));
    if (bad !== undefined) {
      throw new TrainingError(
        `${task.name}: ${bad} is ${formatValue(record.metrics[bad])} at step ${step}; expected a finite number. Lower the learning rate, clip gradients, and go on from the last checkpoint.`,
        { details: { step, metric: bad } },
      );
    }
    options.onRecord?.(record);
    const done = step + 1;
    const time = now();
    rate.mark((done - firstStep) * task.itemsPerBatch, time);
    const itemsPerSecond = rate.perSecond;
    options.onProgress?.({
      stage: task.name,
      step: done,
      steps,
      itemsPerSecond,
      elapsedSeconds: time - started,
      secondsLeft: itemsPerSecond > 0 ? ((steps - done) * task.itemsPerBatch) / itemsPerSecond : 0,
      metrics: { ...record.metrics, learningRate },
    });
  };

  let step = firstStep;
  for (; step < steps && !signal?.aborted; step++) {
    const stepKey = key.fold(step);
    const [forBatch, forStep] = stepKey.split(2) as [Key, Key];
    const batch = await task.prepare(step, forBatch);
    const learningRate = schedule(step);
    const result = task.step(state, batch, forStep, learningRate);
    state = result.state;
    // The device frees them behind the step; garbage collection would let many batches pile up first.
    for (const { tensor } of tensorsOf(batch)) tensor.dispose();
    pending.push({ step, learningRate, metrics: result.metrics });
    while (pending.length > stepsAhead) await settle();
    if (options.save && options.saveEvery && (step + 1) % options.saveEvery === 0 && step + 1 < steps) {
      while (pending.length > 0) await settle();
      await options.save(state, step + 1);
    }
  }
  while (pending.length > 0) await settle();
  const isFinished = step >= steps;
  if (options.save) await options.save(state, step);
  return { state, step, isFinished };
}

const now = (): number => performance.now() / 1000;
