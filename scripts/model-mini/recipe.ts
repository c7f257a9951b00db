import type { DatasetTask } from "../../packages/data/src/index.ts";

/** How `@multiway/model-mini` is made: every number, and nothing else. */
export const recipe = {
  seed: 0,
  sizes: { numLayers: 6, embedDim: 128, numHeads: 4, ffnDim: 512, imageSize: 64, patchSize: 8, textPositions: 34 },
  /** Pieces of the vocabulary, at most. */
  vocabulary: 2000,
  pretraining: { steps: 2400, batch: 32, codes: 512, learningRate: 2e-3, warmup: 100, dropPath: 0.05, evalEvery: 400 },
  tuning: { rounds: 90, learningRate: 1e-3, minimumRate: 1e-5, warmupRounds: 5, weightDecay: 0.05, betas: [0.9, 0.98], gradientNorm: 1, dropPath: 0.05, evaluateEveryRounds: 90, pretrainingTurns: 1 },
  /** Heads, in the order of their turns. */
  heads: {
    retrieval: { set: "emoji", batch: 64, turns: 3, augment: "light" },
    captioning: { set: "emoji-captions", batch: 32, turns: 2, augment: "light" },
    // A cut would take away what is asked for.
    vqa: { set: "questions", batch: 32, turns: 2, augment: "none" },
    reasoning: { set: "sentences", batch: 32, turns: 1, augment: "none" },
    classification: { set: "digits", batch: 32, turns: 2, augment: "light" },
  },
} as const satisfies Recipe;

export interface Recipe {
  seed: number;
  sizes: Record<"numLayers" | "embedDim" | "numHeads" | "ffnDim" | "imageSize" | "patchSize" | "textPositions", number>;
  vocabulary: number;
  pretraining: Record<"steps" | "batch" | "codes" | "learningRate" | "warmup" | "dropPath" | "evalEvery", number>;
  tuning: Record<"rounds" | "learningRate" | "minimumRate" | "warmupRounds" | "weightDecay" | "gradientNorm" | "dropPath" | "evaluateEveryRounds" | "pretrainingTurns", number> & { betas: readonly [number, number] };
  heads: Record<DatasetTask, HeadRecipe>;
}

export interface HeadRecipe {
  /** Of `pnpm example-data`. */
  set: "digits" | "emoji" | "emoji-captions" | "sentences" | "questions";
  batch: number;
  /** Steps in a round. */
  turns: number;
  augment: "light" | "none";
}
