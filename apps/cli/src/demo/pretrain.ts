import { beit3Tiny, makePretrainingBatch, PretrainingModel, pretrainingTask, startPretraining, type PretrainingState } from "@multiway/beit3";
import { ShuffledSampler } from "@multiway/data";
import { initialise } from "@multiway/nn";
import { AdamW, warmupCosine, type Schedule } from "@multiway/optim";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import type { Task } from "@multiway/training";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { PretrainingBatch } from "@multiway/beit3";
import { augment, describeConcept, imageSize, longestText, patchSize, textBuckets, toPixels, type DemoData } from "./data.ts";
import { numCodes } from "./visual-tokens.ts";

/** Pictures, texts and pairs in a batch, of each, when nothing else is asked for. */
export const defaultBatchSize = 48;

export interface PretrainingStage {
  state: PretrainingState;
  task: Task<PretrainingState, PretrainingBatch>;
  schedule: Schedule;
}

/** The tiny model and its pretraining over pictures, texts and pairs, 1:1:1. */
export async function pretrainingStage(data: DemoData, tokenizer: PatchTokenizer, { device, key, steps, batchSize }: { device: Device; key: Key; steps: number; batchSize: number }): Promise<PretrainingStage> {
  const [modelKey, imageKey, textKey, pairKey] = key.split(4) as [Key, Key, Key, Key];
  const model = await initialise(new PretrainingModel({ ...beit3Tiny({ vocabularySize: data.tokenizer.vocabularySize }), dropPathRate: 0.1, numCodes }), { device, key: modelKey });
  const optimizer = new AdamW({ betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 });
  const images = new ShuffledSampler({ count: data.training.length, batchSize, key: imageKey });
  const texts = new ShuffledSampler({ count: data.concepts.length, batchSize, key: textKey });
  const pairs = new ShuffledSampler({ count: data.training.length, batchSize, key: pairKey });
  const { paddingId, maskId } = data.tokenizer;
  const pixelsOf = (picture: number, draw: Key) => toPixels(augment(data.training[picture]!.image, draw));

  const prepare = (step: number, batchKey: Key) => {
    const [augmentKey, wordKey, holeKey] = batchKey.split(3) as [Key, Key, Key];
    return makePretrainingBatch(
      {
        images: images.batch(step).map((picture, index) => pixelsOf(picture, augmentKey.fold(index))),
        texts: texts.batch(step).map((concept, index) => data.tokenizer.encode(describeConcept(data.concepts[concept]!, wordKey.fold(index)), { maxLength: longestText }).ids),
        pairs: pairs.batch(step).map((picture, index) => ({ image: pixelsOf(picture, augmentKey.fold(batchSize + index)), text: data.names[data.training[picture]!.concept]! })),
      },
      { imageSize, patchSize, minBlock: 2, tokens: { padding: paddingId, mask: maskId, ordinary: [4, maskId] }, buckets: textBuckets, device },
      holeKey,
    );
  };
  return {
    state: startPretraining(model, optimizer, device),
    task: pretrainingTask({ tokenizer, optimizer, maxGradientNorm: 1, prepare, itemsPerBatch: 3 * batchSize }),
    schedule: warmupCosine({ peak: 3e-3, warmupSteps: Math.min(100, Math.ceil(steps / 10)), totalSteps: steps, minimum: 1e-5 }),
  };
}
