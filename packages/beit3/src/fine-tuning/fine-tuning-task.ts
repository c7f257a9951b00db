import { ShuffledSampler } from "@multiway/data";
import { clipByGlobalNorm, globalNorm, updateAverage, type AdamW, type AdamWState } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { compile, mapTree, realize, valueAndGrad, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import { officialGradients } from "../official-gradients.ts";
import type { HeadModel, TaskHead } from "./task-head.ts";

/** What fine-tuning learns and remembers. */
export interface FineTuningState<M> {
  model: M;
  optimizer: AdamWState;
  /** The moving average of the weights, where one is kept: the model to evaluate and to keep. */
  average?: M;
}

export interface FineTuningTaskOptions<M extends HeadModel, E, B> {
  head: TaskHead<M, E, B>;
  examples: readonly E[];
  optimizer: AdamW;
  /** Examples of a batch that is in memory at a time. */
  batchSize: number;
  /** Batches whose gradients make one step. Default 1. */
  accumulate?: number;
  /** Order of the examples. */
  key: Key;
  /** Largest norm of all gradients together. Default: no limit, as in the official fine-tuning. */
  maxGradientNorm?: number | undefined;
  /** Of the moving average of weights; without one, none is kept. The official option is 0.9999, for runs of tens of thousands of steps. */
  averageDecay?: number | undefined;
}

/** What batches have come to together. */
interface Accumulated<M> {
  loss: Tensor;
  accuracy: Tensor;
  gradients: M;
}

/** State of a first step. @param averages whether a moving average is kept */
export async function startFineTuning<M extends HeadModel>(model: M, optimizer: AdamW, device: Device, { averages = false }: { averages?: boolean } = {}): Promise<FineTuningState<M>> {
  const state: FineTuningState<M> = { model, optimizer: optimizer.init(model, device) };
  // Copies: training overwrites what it is given.
  if (averages) state.average = await realize(mapTree(model, (tensor) => tensor.add(0)));
  return state;
}

/** The model to evaluate and to keep. */
export const learntModel = <M>({ average, model }: FineTuningState<M>): M => average ?? model;

/** The sampler that a task goes through its examples with: step `s` takes batches `s · accumulate` and on. */
export const examplesOfStep = (sampler: ShuffledSampler, step: number, accumulate: number): number[][] => Array.from({ length: accumulate }, (_, part) => sampler.batch(step * accumulate + part));

/**
 * Fine-tuning of a head as a task for `train`: one compiled step, or with accumulated gradients two programs, one for each batch and one that updates the weights.
 *
 * Metrics: loss and accuracy of the batch, and the norm of all gradients, which is not finite a step before the loss is.
 */
export function fineTuningTask<M extends HeadModel, E, B>(options: FineTuningTaskOptions<M, E, B>): Task<FineTuningState<M>, B[]> {
  const { head, examples, optimizer, batchSize, accumulate = 1, key, maxGradientNorm, averageDecay } = options;
  const sampler = new ShuffledSampler({ count: examples.length, batchSize, key });
  const name = `fine-tuning ${head.task}`;

  const gradientsOf = (model: M, batch: B, randomness: RandomKey) => {
    const [[loss, accuracy], found] = valueAndGrad((m: M) => {
      const result = head.loss(m, batch, randomness);
      return [result.loss, result.accuracy] as const;
    })(model);
    return { loss, accuracy: accuracy as Tensor, gradients: officialGradients(model, found, head.reads) };
  };
  const update = (state: FineTuningState<M>, gradients: M, learningRate: Tensor) => {
    const clipped = maxGradientNorm === undefined ? { gradients, norm: globalNorm(gradients) } : clipByGlobalNorm(gradients, maxGradientNorm);
    const { model, state: next } = optimizer.update(state.model, clipped.gradients, state.optimizer, { learningRate });
    const after: FineTuningState<M> = { model, optimizer: next };
    if (state.average && averageDecay !== undefined) after.average = updateAverage(state.average, model, { decay: averageDecay });
    return { state: after, gradientNorm: clipped.norm };
  };

  const whole = compile(
    (state: FineTuningState<M>, { batch }: { batch: B }, randomness: RandomKey, learningRate: Tensor) => {
      const { gradients, loss, accuracy } = gradientsOf(state.model, batch, randomness);
      const { state: after, gradientNorm } = update(state, gradients, learningRate);
      return { state: after, metrics: { loss, accuracy, gradientNorm } as Record<string, Tensor> };
    },
    { name, donate: [0] },
  );
  const first = compile(({ model, batch }: { model: M; batch: B }, randomness: RandomKey) => gradientsOf(model, batch, randomness), { name: `${name}, first batch` });
  const further = compile(
    (sum: Accumulated<M>, { model, batch }: { model: M; batch: B }, randomness: RandomKey) => addTrees(sum, gradientsOf(model, batch, randomness)),
    { name: `${name}, further batch`, donate: [0] },
  );
  const apply = compile(
    (state: FineTuningState<M>, sum: Accumulated<M>, learningRate: Tensor) => {
      const { loss, accuracy, gradients } = mapTree(sum, (tensor) => tensor.mul(1 / accumulate));
      const { state: after, gradientNorm } = update(state, gradients, learningRate);
      return { state: after, metrics: { loss, accuracy, gradientNorm } as Record<string, Tensor> };
    },
    { name: `${name}, update`, donate: [0, 1] },
  );

  return {
    name,
    itemsPerBatch: batchSize * accumulate,
    prepare: (step, batchKey) => Promise.all(examplesOfStep(sampler, step, accumulate).map((rows, part) => head.prepare(rows.map((row) => examples[row]!), batchKey.fold(part), step))),
    step: (state, batches, randomness, learningRate) => {
      if (batches.length === 1) return whole(state, { batch: batches[0]! }, randomness, learningRate);
      let sum = first({ model: state.model, batch: batches[0]! }, randomness.fold(0));
      batches.slice(1).forEach((batch, part) => (sum = further(sum, { model: state.model, batch }, randomness.fold(part + 1))));
      return apply(state, sum, learningRate);
    },
  };
}

/** Sums of two trees of one form; what has no gradient in one has none in the other. */
function addTrees<T>(a: T, b: T): T {
  const others = new Map<string, Tensor>();
  mapTree(b, (tensor, path) => {
    others.set(path, tensor);
    return tensor;
  });
  return mapTree(a, (tensor, path) => tensor.add(others.get(path)!));
}
