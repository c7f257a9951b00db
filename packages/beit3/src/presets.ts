import { normalInitialiser, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { paperForm, releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";

/** Rows of the released text tables: 64,000 pieces, five special tokens less three, filled up to a round number. */
const releasedVocabulary = 64010;

/** All linear layers: normal with deviation 0.02 cut at one deviation, biases 0 (microsoft/unilm: beit3/modeling_utils.py). */
const linear = { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser };

interface SizeOptions {
  /** Height and width of pictures, pixels. Default 224. */
  imageSize?: number;
}

/** The released base model: 12 layers, 768 wide, 221 million parameters in the encoder. */
export const beit3Base = ({ imageSize = 224 }: SizeOptions = {}): MultiwayTransformerOptions => ({
  ...releasedForm,
  numLayers: 12,
  embedDim: 768,
  numHeads: 12,
  ffnDim: 3072,
  imageSize,
  patchSize: 16,
  vocabularySize: releasedVocabulary,
  linear,
});

/** The released large model: 24 layers, 1024 wide, 673 million parameters in the encoder. */
export const beit3Large = ({ imageSize = 224 }: SizeOptions = {}): MultiwayTransformerOptions => ({
  ...releasedForm,
  numLayers: 24,
  embedDim: 1024,
  numHeads: 16,
  ffnDim: 4096,
  imageSize,
  patchSize: 16,
  vocabularySize: releasedVocabulary,
  linear,
});

/** The paper's giant: 40 layers, 1408 wide, shared attention, vision-language experts in the top three layers. Its weights were never released. */
export const beit3Giant = ({ imageSize = 224 }: SizeOptions = {}): MultiwayTransformerOptions => ({
  ...paperForm,
  numLayers: 40,
  embedDim: 1408,
  numHeads: 16,
  ffnDim: 6144,
  imageSize,
  patchSize: 14,
  vocabularySize: releasedVocabulary,
  linear,
});

/** A model that learns in minutes on two CPU cores: the paper's form, 4 layers, 128 wide, one vision-language expert, 32-pixel pictures in 8-pixel patches. */
export const beit3Tiny = ({ vocabularySize, textPositions = 66 }: { vocabularySize: number; textPositions?: number }): MultiwayTransformerOptions => ({
  ...paperForm,
  visionLanguageLayers: 1,
  numLayers: 4,
  embedDim: 128,
  numHeads: 4,
  ffnDim: 256,
  imageSize: 32,
  patchSize: 8,
  vocabularySize,
  textPositions,
  positionInitialisers: { vision: normalInitialiser(0.5), language: normalInitialiser(0.1) },
});
