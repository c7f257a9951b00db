import { clipByGlobalNorm, type AdamW, type AdamWState } from "@multiway/optim";
import type { Key } from "@multiway/random";
import { compile, valueAndGrad, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import { pretrainingParts, type PretrainingBatch, type PretrainingModel } from "./model.ts";

/** What pretraining learns and remembers. */
export interface PretrainingState {
  model: PretrainingModel;
  optimizer: AdamWState;
}

export interface PretrainingTaskOptions {
  tokenizer: PatchTokenizer;
  optimizer: AdamW;
  /** Largest norm of all gradients together. BEiT-3: 3. */
  maxGradientNorm: number;
  /** Makes the batch of a step. */
  prepare: (step: number, key: Key) => PretrainingBatch | Promise<PretrainingBatch>;
  /** Pictures, texts and pairs in a batch, together. */
  itemsPerBatch: number;
}

export const startPretraining = (model: PretrainingModel, optimizer: AdamW, device: Device): PretrainingState => ({ model, optimizer: optimizer.init(model, device) });

/** BEiT-3's pretraining as a task for `train`: one compiled step over pictures, texts and pairs. */
export function pretrainingTask({ tokenizer, optimizer, maxGradientNorm, prepare, itemsPerBatch }: PretrainingTaskOptions): Task<PretrainingState, PretrainingBatch> {
  const step = compile(
    (state: PretrainingState, batch: PretrainingBatch, key: RandomKey, learningRate: Tensor) => {
      const [[loss, parts], gradients] = valueAndGrad((model: PretrainingModel) => {
        const result = model.loss(batch, tokenizer, key);
        return [result.loss, result.parts] as const;
      })(state.model);
      const clipped = clipByGlobalNorm(gradients, maxGradientNorm);
      const { model, state: next } = optimizer.update(state.model, clipped.gradients, state.optimizer, { learningRate });
      const metrics: Record<string, Tensor> = { loss, gradientNorm: clipped.norm };
      for (const part of pretrainingParts) {
        metrics[`${part}Loss`] = parts[part].loss;
        metrics[`${part}Accuracy`] = parts[part].accuracy;
      }
      return { state: { model, optimizer: next }, metrics };
    },
    { name: "pretrain", donate: [0] },
  );
  return { name: "pretraining", prepare, itemsPerBatch, step };
}
