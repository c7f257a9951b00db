import type { DatasetTask } from "@multiway/data";
import { formatList, OptionError } from "@multiway/errors";
import { Module } from "@multiway/nn";
import type { MultiwayTransformer } from "@multiway/transformer";
import type { HeadModel } from "../fine-tuning/task-head.ts";

/** Several heads on one encoder: one file for every task. */
export class JointModel extends Module {
  transformer: MultiwayTransformer;
  /** Models of the tasks, each without its encoder. */
  heads: Partial<Record<DatasetTask, Module>>;

  /** @param models of each task, around this encoder; what they froze of it learns again */
  constructor(transformer: MultiwayTransformer, models: Partial<Record<DatasetTask, HeadModel>>) {
    super();
    this.transformer = transformer.unfreeze();
    this.heads = Object.fromEntries(Object.entries(models).map(([task, model]) => [task, withoutEncoder(model)]));
  }

  get tasks(): DatasetTask[] {
    return Object.keys(this.heads) as DatasetTask[];
  }

  /** The model of a task, with this encoder in it. @throws OptionError when there is none */
  of(task: DatasetTask): HeadModel {
    const head = this.heads[task];
    if (!head) throw new OptionError(`JointModel: there is no head for ${task}; expected ${formatList(this.tasks)}.`);
    return copyOf(head as HeadModel, { transformer: this.transformer });
  }
}

const copyOf = <M extends Module>(model: M, changes: object): M => Object.assign(Object.create(Object.getPrototypeOf(model) as object) as M, model, changes);

function withoutEncoder(model: HeadModel): Module {
  const head = copyOf<Module & { transformer?: MultiwayTransformer }>(model, {});
  delete head.transformer;
  return head;
}
