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
