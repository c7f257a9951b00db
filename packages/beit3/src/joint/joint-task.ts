import { formatList, OptionError } from "@multiway/errors";
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
  /** Steps that it has in a round. Default 1. */
  turns?: number;
}

export interface JointTaskOptions {
  /** They take turns: in a round each has as many steps as it asks for, spread over the round. */
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
  const round = roundOf(parts.map(({ turns = 1 }) => turns));
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
    itemsPerBatch: Math.round(round.reduce((sum, { part }) => sum + parts[part]!.batchSize, 0) / round.length),
    async prepare(step, batchKey) {
      const { part, earlier } = round[step % round.length]!;
      const turn = Math.floor(step / round.length) * (parts[part]!.turns ?? 1) + earlier;
      const { head, examples } = parts[part]!;
      return { part, batch: await head.prepare(samplers[part]!.batch(turn).map((row) => examples[row]!), batchKey, turn) };
    },
    step: (state, { part, batch }, randomness, learningRate) => steps[part]!(state, { batch }, randomness, learningRate),
  };
}

/** Whose turn it is at each step of a round, and how many turns it had before: always his who is furthest behind his share. */
function roundOf(turns: readonly number[]): { part: number; earlier: number }[] {
  const steps = turns.reduce((sum, count) => sum + count, 0);
  if (steps === 0 || turns.some((count) => !Number.isInteger(count) || count < 0)) throw new OptionError(`jointTask: turns are ${formatList(turns.map(String))}; expected whole numbers, some above 0.`);
  const had = turns.map(() => 0);
  return Array.from({ length: steps }, (_, step) => {
    const behind = turns.map((count, part) => count * (step + 1) - had[part]! * steps);
    const part = behind.indexOf(Math.max(...behind));
    return { part, earlier: had[part]!++ };
  });
}
