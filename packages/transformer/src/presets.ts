import type { MultiwayEncoderOptions } from "./encoder.ts";

/** The released weights' form: everything is split by modality, no vision-language experts. */
export const releasedForm = {
  routing: { attention: "byModality", attentionNorm: "byModality", feedForward: "byModality", finalNorm: "byModality" },
  visionLanguageLayers: 0,
  subLayerNorm: true,
} as const satisfies Partial<MultiwayEncoderOptions>;

/** The paper's form: shared attention, a feed-forward expert for each modality, vision-language experts in the top three layers. */
export const paperForm = {
  routing: { attention: "shared", attentionNorm: "shared", feedForward: "byModality", finalNorm: "shared" },
  visionLanguageLayers: 3,
  subLayerNorm: false,
} as const satisfies Partial<MultiwayEncoderOptions>;

/**
 * VLMo's form (Bao et al. 2021, "VLMo"; base-size: vision-language experts in the top two layers, the other sizes have three): text first, shared attention without a bias of keys, layer scale.
 *
 * Its positions are relative: add `relativePositions: { grid: [14, 14] }`. The base-plus size has absolute ones, and no layer scale.
 */
export const vlmoForm = {
  routing: { attention: "shared", attentionNorm: "shared", feedForward: "byModality", finalNorm: "shared" },
  visionLanguageLayers: 2,
  subLayerNorm: false,
  order: "languageFirst",
  layerScale: 0.1,
  keyBias: false,
  ffnDropPath: "byModality",
  epsilon: 1e-6,
} as const satisfies Partial<MultiwayEncoderOptions>;

/** What base, large and giant mean (Wang et al. 2022, "Image as a foreign language", section 2.3; microsoft/unilm: beit3/modeling_utils.py). */
export const modelSizes = {
  base: { numLayers: 12, embedDim: 768, numHeads: 12, ffnDim: 3072, patchSize: 16 },
  large: { numLayers: 24, embedDim: 1024, numHeads: 16, ffnDim: 4096, patchSize: 16 },
  giant: { numLayers: 40, embedDim: 1408, numHeads: 16, ffnDim: 6144, patchSize: 14 },
} as const;
export type ModelSize = keyof typeof modelSizes;
