import type { DatasetTask } from "@multiway/data";

/** Settings of a fine-tuning. */
export interface FineTuningRecipe {
  /** Peak of the schedule, for a batch of `batchSize` examples. */
  learningRate: number;
  batchSize: number;
  betas: readonly [number, number];
  weightDecay: number;
  layerDecay: number;
  /** Factor of the learning rate of the head; without effect where `layerDecay` is below 1. */
  headScale: number;
  dropPathRate: number;
  epochs: number;
  warmupEpochs: number;
  /** Largest norm of gradients; undefined for none. */
  maxGradientNorm?: number;
}

const usual = { betas: [0.9, 0.999], headScale: 1 } as const;

/** What the released models were tuned with (microsoft/unilm: beit3/get_started). */
export const officialRecipes: { readonly [T in DatasetTask]: Readonly<Record<"base" | "large", FineTuningRecipe>> } = {
  classification: {
    base: { ...usual, learningRate: 7e-4, batchSize: 1024, weightDecay: 0.05, layerDecay: 0.65, dropPathRate: 0.15, epochs: 50, warmupEpochs: 5 },
    large: { ...usual, learningRate: 2e-4, batchSize: 1024, weightDecay: 0.05, layerDecay: 0.8, dropPathRate: 0.25, epochs: 50, warmupEpochs: 5 },
  },
  retrieval: {
    base: { ...usual, learningRate: 2e-4, batchSize: 3072, weightDecay: 0.05, layerDecay: 0.65, dropPathRate: 0.2, epochs: 15, warmupEpochs: 3 },
    large: { ...usual, learningRate: 5e-5, batchSize: 3072, weightDecay: 0.05, layerDecay: 0.85, dropPathRate: 0.2, epochs: 15, warmupEpochs: 3 },
  },
  captioning: {
    base: { ...usual, learningRate: 4e-5, batchSize: 256, weightDecay: 0.05, layerDecay: 1, dropPathRate: 0.1, epochs: 10, warmupEpochs: 1 },
    large: { ...usual, learningRate: 8e-6, batchSize: 256, weightDecay: 0.05, layerDecay: 1, dropPathRate: 0.1, epochs: 10, warmupEpochs: 1 },
  },
  vqa: {
    base: { betas: [0.9, 0.98], headScale: 20, learningRate: 3e-5, batchSize: 128, weightDecay: 0.01, layerDecay: 1, dropPathRate: 0.1, epochs: 10, warmupEpochs: 1 },
    large: { betas: [0.9, 0.98], headScale: 20, learningRate: 2e-5, batchSize: 128, weightDecay: 0.01, layerDecay: 1, dropPathRate: 0.15, epochs: 10, warmupEpochs: 1 },
  },
  reasoning: {
    base: { ...usual, learningRate: 7e-4, batchSize: 256, weightDecay: 0.2, layerDecay: 0.65, dropPathRate: 0.2, epochs: 20, warmupEpochs: 5 },
    large: { ...usual, learningRate: 3e-4, batchSize: 256, weightDecay: 0.2, layerDecay: 0.85, dropPathRate: 0.2, epochs: 20, warmupEpochs: 5 },
  },
};

/** For small models that learn from nothing: all layers at one rate, gradients clipped. */
export const scratchRecipe: FineTuningRecipe = { betas: [0.9, 0.98], headScale: 1, learningRate: 1e-3, batchSize: 64, weightDecay: 0.05, layerDecay: 1, dropPathRate: 0.05, epochs: 30, warmupEpochs: 2, maxGradientNorm: 1 };

/**
 * The peak for another batch than the recipe's: the rate grows with the root of the batch, as noise of Adam's steps does (Malladi et al. 2022, "On the SDEs and scaling rules for adaptive gradient algorithms"), and never above the recipe's.
 */
export const scaledLearningRate = ({ learningRate, batchSize }: FineTuningRecipe, batch: number): number => learningRate * Math.min(1, Math.sqrt(batch / batchSize));
