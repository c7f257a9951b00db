import type { DatasetTask } from "../../packages/data/src/index.ts";

/** How `@multiway/model-mini` is made: every number, and nothing else. */
export const recipe = {
  seed: 0,
  sizes: { numLayers: 4, embedDim: 128, numHeads: 4, ffnDim: 512, imageSize: 108, patchSize: 12, textPositions: 66 },
  /** Pieces of the vocabulary, at most. */
  vocabulary: 2000,
  pretraining: { steps: 1200, batch: 32, codes: 512, learningRate: 2e-3, warmup: 100, dropPath: 0.05, evalEvery: 400 },
  tuning: { rounds: 250, learningRate: 8e-4, minimumRate: 1e-5, warmupRounds: 10, weightDecay: 0.05, betas: [0.9, 0.98], gradientNorm: 1, dropPath: 0.05, evaluateEveryRounds: 125, pretrainingTurns: 1 },
  /** What each head learns from, in the order of their turns; it is measured on the first of its sets. Of boxes no cut may take away what is asked for. */
  heads: {
    retrieval: [{ set: "emoji", batch: 64, turns: 3, augment: "strong" }],
    captioning: [
      { set: "emoji-captions", batch: 32, turns: 3, augment: "strong" },
      { set: "descriptions", batch: 32, turns: 3, augment: "none" },
    ],
    vqa: [
      { set: "questions", batch: 32, turns: 5, augment: "none" },
      { set: "statements", batch: 32, turns: 1, augment: "none" },
    ],
    reasoning: [{ set: "sentences", batch: 32, turns: 1, augment: "none" }],
    classification: [{ set: "digits", batch: 32, turns: 1, augment: "light" }],
  },
} as const satisfies Recipe;

export interface Recipe {
  seed: number;
  sizes: Record<"numLayers" | "embedDim" | "numHeads" | "ffnDim" | "imageSize" | "patchSize" | "textPositions", number>;
  vocabulary: number;
  pretraining: Record<"steps" | "batch" | "codes" | "learningRate" | "warmup" | "dropPath" | "evalEvery", number>;
  tuning: Record<"rounds" | "learningRate" | "minimumRate" | "warmupRounds" | "weightDecay" | "gradientNorm" | "dropPath" | "evaluateEveryRounds" | "pretrainingTurns", number> & { betas: readonly [number, number] };
  heads: Record<DatasetTask, readonly SetRecipe[]>;
}

export interface SetRecipe {
  /** Of `pnpm example-data`. */
  set: "digits" | "emoji" | "emoji-captions" | "descriptions" | "sentences" | "statements" | "questions";
  batch: number;
  /** Steps in a round. */
  turns: number;
  augment: "light" | "strong" | "none";
}
