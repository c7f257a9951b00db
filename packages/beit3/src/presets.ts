import { OptionError } from "@multiway/errors";
import { normalInitialiser, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { modelSizes, paperForm, releasedForm, type ModelSize, type MultiwayTransformerOptions } from "@multiway/transformer";

/** Rows of the released text tables: 64,000 pieces, five special tokens less three, filled up to a round number. */
const releasedVocabulary = 64010;

/** All linear layers: normal with deviation 0.02 cut at one deviation, biases 0 (microsoft/unilm: beit3/modeling_utils.py). */
const linear = { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser };

export interface PresetOptions {
  /** Height and width of pictures, pixels; a multiple of the patch size. Default 224; the released models are tuned at 224, 384, 480 and 768. */
  imageSize?: number;
  /** `released`: everything is split by modality, with norms inside; `paper`: shared attention, vision-language experts in the top three layers. */
  form?: "released" | "paper";
  /** Height and width of a patch, pixels. */
  patchSize?: number;
}

/** The base model: 12 layers, 768 wide, 221 million parameters in the released form (the default). Patches of 16 pixels. */
export const beit3Base = (options: PresetOptions = {}): MultiwayTransformerOptions => preset("base", "released", options);

/** The large model: 24 layers, 1024 wide, 673 million parameters in the released form (the default). Patches of 16 pixels. */
export const beit3Large = (options: PresetOptions = {}): MultiwayTransformerOptions => preset("large", "released", options);

/**
 * The giant model: 40 layers, 1408 wide, 1.9 billion parameters in the paper's form (the default). Its weights were never released.
 *
 * Patches of 14 pixels: the paper's pictures have 224, 336, 392, 420 or 756 pixels. For 384, 480 or 768 give `patchSize: 16`.
 */
export const beit3Giant = (options: PresetOptions = {}): MultiwayTransformerOptions => preset("giant", "paper", options);

function preset(size: ModelSize, usualForm: "released" | "paper", { imageSize = 224, form = usualForm, patchSize = modelSizes[size].patchSize }: PresetOptions): MultiwayTransformerOptions {
  const forms = { released: releasedForm, paper: paperForm };
  if (!Object.hasOwn(forms, form)) throw new OptionError(`beit3: form is ${JSON.stringify(form)}; expected released or paper.`);
  if (!(patchSize > 0) || !(imageSize > 0) || imageSize % patchSize !== 0) {
    const below = Math.max(1, Math.floor(imageSize / patchSize)) * patchSize;
    throw new OptionError(`beit3: imageSize ${imageSize} with patches of ${patchSize} pixels; expected a multiple, such as ${below} or ${below + patchSize}. Resize the pictures, or give another patchSize.`, { details: { imageSize, patchSize } });
  }
  return { ...forms[form], ...modelSizes[size], imageSize, patchSize, vocabularySize: releasedVocabulary, linear };
}

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

/** Sizes of models that learn from nothing, on data that are few: minutes to an hour on two CPU cores. */
export const smallSizes = {
  tiny: { numLayers: 4, embedDim: 128, numHeads: 4, ffnDim: 512 },
  small: { numLayers: 6, embedDim: 192, numHeads: 6, ffnDim: 768 },
} as const;

/** Texts of BEiT-3's tasks have 64 tokens at most; two rows of the table are never read. */
const smallTextPositions = 66;

/** A model in the released form of any size, with first values that a short training likes: positions about as large as what they join. */
export const beit3Small = ({ textPositions = smallTextPositions, ...sizes }: Pick<MultiwayTransformerOptions, "numLayers" | "embedDim" | "numHeads" | "ffnDim" | "imageSize" | "patchSize" | "vocabularySize" | "textPositions">): MultiwayTransformerOptions => ({
  ...releasedForm,
  ...sizes,
  textPositions,
  positionInitialisers: { vision: normalInitialiser(0.5), language: normalInitialiser(0.1) },
});
