import { ShuffledSampler, type RowPlace } from "@multiway/data";
import { clipByGlobalNorm, type AdamW } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { compile, valueAndGrad, type RandomKey, type Tensor } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { FineTuningState } from "../fine-tuning/fine-tuning-task.ts";
import type { HeadModel, TaskHead } from "../fine-tuning/task-head.ts";
import type { JointModel } from "./joint-model.ts";

/** A task and what it is learnt from. */
export interface JointPart {
  head: TaskHead<HeadModel, RowPlace, unknown>;
  examples: readonly RowPlace[];
  batchSize: number;
}

export interface JointTaskOptions {
  /** They take turns: a step each. */
  parts: readonly JointPart[];
  optimizer: AdamW;
  /** Order of the examples. */
  key: Key;
  /** Largest norm of all gradients together. */
  maxGradientNorm: number;
}

/** The batch of the part whose turn it is. */
export interface JointBatch {
  part: number;
  batch: unknown;
}

/**
 * Fine-tuning of several heads on one encoder: the tasks take turns, step by step. What a task does not read has no gradient in its step and stays as it is.
 *
 * Metrics of a step: its loss, and loss and accuracy under the task's name.
 */
export function jointTask({ parts, optimizer, key, maxGradientNorm }: JointTaskOptions): Task<FineTuningState<JointModel>, JointBatch> {
  const samplers = parts.map(({ examples, batchSize }, index) => new ShuffledSampler({ count: examples.length, batchSize, key: key.fold(index) }));
  const steps = parts.map(({ head }) =>
    compile(
      ({ model, optimizer: state }: FineTuningState<JointModel>, { batch }: { batch: unknown }, randomness: RandomKey, learningRate: Tensor) => {
        const [[loss, accuracy], gradients] = valueAndGrad((joint: JointModel) => {
          const result = head.loss(joint.of(head.task), batch, randomness);
          return [result.loss, result.accuracy] as const;
        })(model);
        const clipped = clipByGlobalNorm(gradients, maxGradientNorm);
        const next = optimizer.update(model, clipped.gradients, state, { learningRate });
        const metrics: Record<string, Tensor> = { loss, [`${head.task}Loss`]: loss, [`${head.task}Accuracy`]: accuracy as Tensor, gradientNorm: clipped.norm };
        return { state: { model: next.model, optimizer: next.state }, metrics };
      },
      { name: `joint fine-tuning: ${head.task}`, donate: [0] },
    ),
  );
  return {
    name: "joint fine-tuning",
    itemsPerBatch: Math.round(parts.reduce((sum, { batchSize }) => sum + batchSize, 0) / parts.length),
    async prepare(step, batchKey) {
      const part = step % parts.length;
      const turn = Math.floor(step / parts.length);
      const { head, examples } = parts[part]!;
      return { part, batch: await head.prepare(samplers[part]!.batch(turn).map((row) => examples[row]!), batchKey, turn) };
    },
    step: (state, { part, batch }, randomness, learningRate) => steps[part]!(state, { batch }, randomness, learningRate),
  };
}
