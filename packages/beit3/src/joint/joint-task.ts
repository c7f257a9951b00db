import { ShuffledSampler, type RowPlace } from "@multiway/data";
import { formatList, OptionError } from "@multiway/errors";
import { globalNorm, type AdamW } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { compile, mapTree, valueAndGrad, type RandomKey, type Tensor } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { FineTuningState } from "../fine-tuning/fine-tuning-task.ts";
import type { HeadModel, TaskHead } from "../fine-tuning/task-head.ts";
import type { PretrainingBatch, PretrainingModel } from "../pretraining/model.ts";
import type { JointHead, JointModel } from "./joint-model.ts";

/** What one head of a joint model learns. */
export interface JointPart<B = unknown> {
  task: JointHead;
  batchSize: number;
  /** Steps that it has in a round. Default 1. */
  turns?: number | undefined;
  /** The batch of its so manieth turn. */
  prepare(turn: number, key: Key): Promise<B>;
  loss(model: JointModel, batch: B, key: RandomKey): { loss: Tensor; accuracy: Tensor };
}

/** A head that is fine-tuned. @param key order of the examples */
export function tunedPart<M extends HeadModel, E extends RowPlace, B>(head: TaskHead<M, E, B>, { examples, batchSize, turns, key }: { examples: readonly E[]; batchSize: number; turns?: number; key: Key }): JointPart {
  const sampler = new ShuffledSampler({ count: examples.length, batchSize, key });
  const part: JointPart<B> = {
    task: head.task,
    batchSize,
    turns,
    prepare: (turn, batchKey) => head.prepare(sampler.batch(turn).map((row) => examples[row]!), batchKey, turn),
    loss: (model, batch, key_) => head.loss(model.of(head.task) as M, batch, key_),
  };
  return part as JointPart;
}

/** The heads of pretraining, which go on guessing what is hidden. Accuracy is that of words beside pictures. @param prepare of `pretrainingBatches` */
export function pretrainingPart({ prepare, batchSize, turns }: { prepare: (step: number, key: Key) => Promise<PretrainingBatch>; batchSize: number; turns?: number }): JointPart {
  const part: JointPart<PretrainingBatch> = {
    task: "pretraining",
    batchSize,
    turns,
    prepare,
    loss(model, batch, key) {
      const { loss, parts } = (model.of("pretraining") as PretrainingModel).loss(batch, model.visualTokens!, key);
      return { loss, accuracy: parts.pairText.accuracy };
    },
  };
  return part as JointPart;
}

export interface JointTaskOptions {
  /** They take turns: in a round each has as many steps as it asks for, spread over the round. */
  parts: readonly JointPart[];
  optimizer: AdamW;
  /** The norm that all gradients of a step together are scaled to, up as well as down. The optimizer's running squares are common to all tasks, so that those with small gradients would move the encoder little beside those with large ones. */
  gradientNorm: number;
}

/** Below it gradients are noise. */
const leastNorm = 1e-6;

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
export function jointTask({ parts, optimizer, gradientNorm }: JointTaskOptions): Task<FineTuningState<JointModel>, JointBatch> {
  const round = roundOf(parts.map(({ turns = 1 }) => turns));
  const steps = parts.map((part) =>
    compile(
      ({ model, optimizer: state }: FineTuningState<JointModel>, { batch }: { batch: unknown }, randomness: RandomKey, learningRate: Tensor) => {
        const [[loss, accuracy], gradients] = valueAndGrad((joint: JointModel) => {
          const result = part.loss(joint, batch, randomness);
          return [result.loss, result.accuracy] as const;
        })(model);
        const norm = globalNorm(gradients);
        const scale = norm.maximum(leastNorm).reciprocal().mul(gradientNorm);
        const next = optimizer.update(model, mapTree(gradients, (gradient) => gradient.mul(scale)), state, { learningRate });
        const metrics: Record<string, Tensor> = { loss, [`${part.task}Loss`]: loss, [`${part.task}Accuracy`]: accuracy as Tensor, gradientNorm: norm };
        return { state: { model: next.model, optimizer: next.state }, metrics };
      },
      { name: `joint fine-tuning: ${part.task}`, donate: [0] },
    ),
  );
  return {
    name: "joint fine-tuning",
    itemsPerBatch: Math.round(round.reduce((sum, { part }) => sum + parts[part]!.batchSize, 0) / round.length),
    async prepare(step, batchKey) {
      const { part, earlier } = round[step % round.length]!;
      const turn = Math.floor(step / round.length) * (parts[part]!.turns ?? 1) + earlier;
      return { part, batch: await parts[part]!.prepare(turn, batchKey) };
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
