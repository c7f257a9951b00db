import type { DatasetTask } from "@multiway/data";
import { formatList, OptionError } from "@multiway/errors";
import { Module } from "@multiway/nn";
import type { MultiwayTransformer } from "@multiway/transformer";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { HeadModel } from "../fine-tuning/task-head.ts";

/** What a head of a joint model is for: a task, or to guess what is hidden. */
export type JointHead = DatasetTask | "pretraining";

/** Several heads on one encoder: one file for every task. */
export class JointModel extends Module {
  transformer: MultiwayTransformer;
  /** Models of the tasks, each without its encoder. */
  heads: Partial<Record<JointHead, Module>>;
  /** Of a model that guesses hidden patches, too: what it guesses. Does not learn. */
  visualTokens?: PatchTokenizer;

  /**
   * @param models        of each task, around this encoder; what they froze of it learns again
   * @param visualTokens  needed beside a model for pretraining
   */
  constructor(transformer: MultiwayTransformer, models: Partial<Record<JointHead, HeadModel>>, visualTokens?: PatchTokenizer) {
    super();
    if ((models.pretraining === undefined) !== (visualTokens === undefined)) throw new OptionError(`JointModel: ${visualTokens ? "visual tokens are given without a model for pretraining" : "a model for pretraining is given without its visual tokens"}; expected both or neither.`);
    this.transformer = transformer.unfreeze();
    this.heads = Object.fromEntries(Object.entries(models).map(([task, model]) => [task, withoutEncoder(model)]));
    if (visualTokens) this.visualTokens = visualTokens;
  }

  get tasks(): JointHead[] {
    return Object.keys(this.heads) as JointHead[];
  }

  /** The model of a task, with this encoder in it. @throws OptionError when there is none */
  of(task: JointHead): HeadModel {
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
