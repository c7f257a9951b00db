import type { PretrainingExamples } from "@multiway/data";
import type { Key } from "@multiway/random";
import { compile } from "@multiway/tensor";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { HeadContext } from "../fine-tuning/head-context.ts";
import { pretrainingBatches } from "./batches.ts";
import type { PretrainingBatch, PretrainingModel } from "./model.ts";

/** How well hidden words and patches of pairs are guessed; shares from 0 to 1. */
export interface PretrainingFigures {
  /** Mean loss of all four kinds of hidden places, in nats. */
  loss: number;
  /** Hidden words of captions, beside their pictures. */
  words: number;
  /** The same words beside a grey picture: what the text alone tells. */
  wordsAlone: number;
  /** Hidden patches of pictures, beside their captions. */
  patches: number;
}

export interface EvaluatePretrainingOptions {
  patchSize: number;
  /** Pairs at a time. */
  batchSize: number;
  /** What is hidden: the same key hides the same. */
  key: Key;
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, all: number) => void) | undefined;
}

/** Measures a pretrained model on pairs that it has not seen. The context's pictures are taken as they are when it does not augment. */
export async function evaluatePretraining(model: PretrainingModel, tokenizer: PatchTokenizer, context: HeadContext, examples: PretrainingExamples, options: EvaluatePretrainingOptions): Promise<PretrainingFigures> {
  const { patchSize, key, signal, onProgress } = options;
  const batchSize = Math.min(options.batchSize, examples.pairs.length);
  const prepare = pretrainingBatches(context, examples, { patchSize, batchSize, key: key.fold(0) });
  const measure = compile(
    (current: PretrainingModel, codes: PatchTokenizer, batch: PretrainingBatch) => {
      const seen = current.loss(batch, codes);
      const blank = current.loss({ ...batch, pairs: { ...batch.pairs, images: batch.pairs.images.mul(0) } }, codes);
      return { loss: seen.loss, words: seen.parts.pairText.accuracy, wordsAlone: blank.parts.pairText.accuracy, patches: seen.parts.pairImage.accuracy };
    },
    { name: "evaluate pretraining" },
  );
  const batches = Math.max(1, Math.floor(examples.pairs.length / batchSize));
  const sums: PretrainingFigures = { loss: 0, words: 0, wordsAlone: 0, patches: 0 };
  const names = Object.keys(sums) as (keyof PretrainingFigures)[];
  for (let step = 0; step < batches; step++) {
    signal?.throwIfAborted();
    const batch = await prepare(step, key.fold(1 + step));
    const figures = measure(model, tokenizer, batch);
    for (const name of names) sums[name] += (await figures[name].item()) / batches;
    onProgress?.(step + 1, batches);
  }
  return sums;
}
