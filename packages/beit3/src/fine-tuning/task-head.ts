import type { DatasetTask } from "@multiway/data";
import type { Module } from "@multiway/nn";
import type { Key } from "@multiway/random";
import type { RandomKey, Tensor } from "@multiway/tensor";
import type { Modality, MultiwayTransformer } from "@multiway/transformer";

/** A model with a head. */
export interface HeadModel extends Module {
  transformer: MultiwayTransformer;
}

/** How good a model is on examples, by the field's metric. */
export interface Evaluation {
  /** What the best checkpoint is chosen by; higher is better. */
  score: number;
  /** Every figure by name, the score among them. */
  figures: Readonly<Record<string, number>>;
  /** What the model said of each example, plain data. */
  predictions: readonly Readonly<Record<string, unknown>>[];
}

/**
 * What fine-tuning has to know of a head: its model, its loss, how a batch is made of examples, and how it is measured.
 *
 * @typeParam M the model
 * @typeParam E an example
 * @typeParam B a batch
 */
export interface TaskHead<M extends HeadModel, E, B> {
  readonly task: DatasetTask;
  /** What of the encoder is read; the rest gets no gradient. */
  readonly reads: readonly Modality[];
  /** Builds the model around an encoder that {@link endsInNorm} or does not. */
  create(transformer: MultiwayTransformer): M;
  /** @returns the loss, and the share that was right in the batch */
  loss(model: M, batch: B, key: RandomKey | undefined): { loss: Tensor; accuracy: Tensor };
  /** A batch for training, with augmentation. The same examples, key and step give the same batch. */
  prepare(examples: readonly E[], key: Key, step: number): Promise<B>;
  /** @throws the signal's reason when it is aborted */
  evaluate(model: M, examples: readonly E[], options?: { signal?: AbortSignal | undefined; onProgress?: ((done: number, all: number) => void) | undefined }): Promise<Evaluation>;
}
