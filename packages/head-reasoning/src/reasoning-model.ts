import { formatShape, ShapeError } from "@multiway/errors";
import { LayerNorm, Linear, Module, scaledInitialiser, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import { concat, type RandomKey, type Tensor } from "@multiway/tensor";
import { officialNamesOf, type MultiwayTransformer } from "@multiway/transformer";

export interface ReasoningOptions {
  /** Default 2: false, true. */
  numClasses?: number;
}

export interface ReasoningInput {
  /** Two pictures for each sentence: [batch, 2, 3, height, width], the left one first */
  images: Tensor;
  /** Ids of the sentence, i32 [batch, length] */
  text: Tensor;
  /** Bool [batch, length]: true for padding. */
  isPadding?: Tensor | undefined;
}

export interface ReasoningBatch extends ReasoningInput {
  /** i32 [batch]: 1 where the sentence is true of the two pictures, else 0 */
  targets: Tensor;
}

/** A thousandth of what other layers begin with, so that all answers are equally likely at first. */
const linear = { weight: scaledInitialiser(truncatedNormalInitialiser(0.02, 0.02), 0.001), biasInitialiser: zeroInitialiser };

/**
 * Says whether a sentence is true of two pictures: each picture is read beside the sentence, and what both readings have come to is compared.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py (BEiT3ForVisualReasoning).
 */
export class ReasoningModel extends Module {
  /** Of `beit3_*_nlvr2.pth`. */
  static readonly officialNames = officialNamesOf("transformer", {
    "headInputNorm.weight": "head.norm1.weight",
    "headInputNorm.bias": "head.norm1.bias",
    "headHidden.weight": "head.dense1.weight",
    "headHidden.bias": "head.dense1.bias",
    "headNorm.weight": "head.norm2.weight",
    "headNorm.bias": "head.norm2.bias",
    "headClasses.weight": "head.dense2.weight",
    "headClasses.bias": "head.dense2.bias",
  });

  transformer: MultiwayTransformer;
  headInputNorm: LayerNorm;
  headHidden: Linear;
  headNorm: LayerNorm;
  headClasses: Linear;

  constructor(transformer: MultiwayTransformer, { numClasses = 2 }: ReasoningOptions = {}) {
    super();
    const { embedDim } = transformer;
    this.transformer = transformer;
    this.headInputNorm = new LayerNorm(4 * embedDim);
    this.headHidden = new Linear(4 * embedDim, 2 * embedDim, linear);
    this.headNorm = new LayerNorm(2 * embedDim);
    this.headClasses = new Linear(2 * embedDim, numClasses, linear);
  }

  /** @returns logits [batch, numClasses] */
  forward({ images, text, isPadding }: ReasoningInput, options: { key?: RandomKey | undefined } = {}): Tensor {
    if (images.rank !== 5 || images.shape[1] !== 2) {
      throw new ShapeError(`ReasoningModel: images have shape ${formatShape(images.shape)}; expected [batch, 2, 3, height, width], two pictures for each sentence.`, { details: { shape: images.shape } });
    }
    const [batch] = images.shape as [number];
    const twice = (x: Tensor) => concat([x, x]);
    const { vision, language } = this.transformer.encodeFusion(
      { images: concat([images.slice([null, 0]), images.slice([null, 1])]), text: twice(text), isPadding: isPadding && twice(isPadding) },
      options,
    );
    // The class vector and the first token of each reading.
    const readings = concat([vision.slice([null, 0]), language.slice([null, 0])], -1);
    const both = concat([readings.slice([[0, batch]]), readings.slice([[batch, 2 * batch]])], -1);
    return this.headClasses.forward(this.headNorm.forward(this.headHidden.forward(this.headInputNorm.forward(both))).gelu());
  }

  /** @returns loss, the mean cross-entropy in nats; accuracy, the share that is answered right */
  loss({ targets, ...input }: ReasoningBatch, key?: RandomKey): { loss: Tensor; accuracy: Tensor } {
    const logits = this.forward(input, { key });
    return { loss: logits.crossEntropy(targets).mean(), accuracy: logits.stopGradient().argMax({ axis: -1 }).equal(targets).cast("f32").mean() };
  }
}
