import { gatherMasked, maskedLoss } from "@multiway/masking";
import { Linear, Module, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import type { RandomKey, Tensor } from "@multiway/tensor";
import { MultiwayTransformer, type MultiwayTransformerOptions } from "@multiway/transformer";
import type { PatchTokenizer } from "@multiway/visual-tokenizer";
import { pretrainingNames } from "../checkpoint-names.ts";

/** Pictures of a batch with holes. */
export interface MaskedImages {
  /** [batch, 3, height, width] in −1 … 1 */
  images: Tensor;
  /** Bool [batch, patches] */
  isMaskedPatch: Tensor;
  /** i32 [count]: masked patches, as rows of [batch · patches]. */
  patches: Tensor;
  /** i32 [count]: the same patches, as rows of [batch · (1 + patches)], where class vectors count too. */
  patchPositions: Tensor;
}

/** Texts of a batch with holes. */
export interface MaskedTexts {
  /** Ids with `<mask>` in them, i32 [batch, length]. */
  text: Tensor;
  /** Bool [batch, length]. */
  isPadding: Tensor;
  /** i32 [count]: rows of [batch · length]. */
  positions: Tensor;
  /** i32 [count]: what stood there; −1 fills up. */
  targets: Tensor;
}

/** Pictures, texts and pairs, in equal numbers. */
export interface PretrainingBatch {
  images: MaskedImages;
  texts: MaskedTexts;
  pairs: MaskedImages & MaskedTexts;
}

/** The four kinds of hidden places. */
export const pretrainingParts = ["image", "text", "pairImage", "pairText"] as const;
export type PretrainingPart = (typeof pretrainingParts)[number];

export interface PretrainingLoss {
  loss: Tensor;
  /** Mean loss and share guessed right, by kind. */
  parts: Record<PretrainingPart, { loss: Tensor; accuracy: Tensor }>;
}

/** A Multiway Transformer with the two output layers of pretraining: words and visual tokens. */
export class PretrainingModel extends Module {
  static readonly officialNames = pretrainingNames;
  transformer: MultiwayTransformer;
  /** embedDim → words; `mlm_head` in checkpoints. Not tied to the text table. */
  languageHead: Linear;
  /** embedDim → visual tokens; `mim_head` in checkpoints. */
  visionHead: Linear;

  constructor(options: MultiwayTransformerOptions & { numCodes: number }) {
    super();
    const head = { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser };
    this.transformer = new MultiwayTransformer(options);
    this.languageHead = new Linear(options.embedDim, options.vocabularySize, head);
    this.visionHead = new Linear(options.embedDim, options.numCodes, head);
  }

  /**
   * The one loss of pretraining, mask then predict: cross-entropy over all hidden patches and words of a batch of pictures, texts and pairs
   * (Wang et al. 2022, "Image as a foreign language", section 2.2).
   *
   * In pairs the picture and the text both have holes, in one pass.
   *
   * @param tokenizer  gives the targets of hidden patches; does not learn here
   */
  loss({ images, texts, pairs }: PretrainingBatch, tokenizer: PatchTokenizer, key?: RandomKey): PretrainingLoss {
    const [imageKey, textKey, pairKey] = key ? key.split(3) : [];
    const codesAt = ({ images: pictures, patches }: MaskedImages) => {
      const codes = tokenizer.encode(pictures).stopGradient();
      return codes.reshape([codes.size, 1]).gather(patches).reshape([patches.size]);
    };
    const vision = this.transformer.forward({ images: images.images, isMaskedPatch: images.isMaskedPatch }, { key: imageKey }).vision!;
    const language = this.transformer.forward({ text: texts.text, isPadding: texts.isPadding }, { key: textKey }).language!;
    const fused = this.transformer.forward(
      { images: pairs.images, isMaskedPatch: pairs.isMaskedPatch, text: pairs.text, isPadding: pairs.isPadding },
      { key: pairKey },
    );
    const { loss, parts } = maskedLoss([
      { logits: this.visionHead.forward(gatherMasked(vision, images.patchPositions)), targets: codesAt(images) },
      { logits: this.languageHead.forward(gatherMasked(language, texts.positions)), targets: texts.targets },
      { logits: this.visionHead.forward(gatherMasked(fused.vision!, pairs.patchPositions)), targets: codesAt(pairs) },
      { logits: this.languageHead.forward(gatherMasked(fused.language!, pairs.positions)), targets: pairs.targets },
    ]);
    const named = pretrainingParts.map((name, index) => {
      const { sum, count, correct } = parts[index]!;
      return [name, { loss: sum.div(count.maximum(1)), accuracy: correct.div(count.maximum(1)) }] as const;
    });
    return { loss, parts: Object.fromEntries(named) as PretrainingLoss["parts"] };
  }
}
