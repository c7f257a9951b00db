import { formatShape, ShapeError } from "@multiway/errors";
import { LayerNorm, Linear, Module, scaledInitialiser, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import type { RandomKey, Tensor } from "@multiway/tensor";
import { officialNamesOf, type MultiwayTransformer } from "@multiway/transformer";

export interface ClassificationOptions {
  /** 1000 in the released models. */
  numClasses: number;
}

export interface ClassificationBatch {
  /** [batch, 3, height, width] */
  images: Tensor;
  /** Class numbers, i32 [batch]; or, where pictures are mixed, how much of each class there is: f32 [batch, numClasses] */
  targets: Tensor;
}

export interface ClassificationLossOptions {
  key?: RandomKey | undefined;
  /** Spread over all classes, with class numbers as targets. Default 0. */
  labelSmoothing?: number;
}

/**
 * Classifies pictures: the mean of the patches, a norm, one linear layer. Its encoder ends without a norm (`finalNorm: false`), as the released ones do.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py (BEiT3ForImageClassification).
 */
export class ClassificationModel extends Module {
  /** Of `beit3_*_in1k.pth`. */
  static readonly officialNames = officialNamesOf("transformer", {
    "norm.weight": "fc_norm.weight",
    "norm.bias": "fc_norm.bias",
    "headClasses.weight": "head.weight",
    "headClasses.bias": "head.bias",
  });

  transformer: MultiwayTransformer;
  norm: LayerNorm;
  headClasses: Linear;

  constructor(transformer: MultiwayTransformer, { numClasses }: ClassificationOptions) {
    super();
    this.transformer = transformer;
    this.norm = new LayerNorm(transformer.embedDim);
    this.headClasses = new Linear(transformer.embedDim, numClasses, { weight: scaledInitialiser(truncatedNormalInitialiser(0.02, 0.02), 0.001), biasInitialiser: zeroInitialiser });
  }

  get numClasses(): number {
    return this.headClasses.weight.shape[0]!;
  }

  /** @returns logits [batch, numClasses] */
  forward(images: Tensor, options: { key?: RandomKey | undefined } = {}): Tensor {
    const { vision } = this.transformer.encodeVision(images, options);
    return this.headClasses.forward(this.norm.forward(vision.slice([null, [1, null]]).mean({ axis: 1 })));
  }

  /** @returns loss, the mean cross-entropy in nats; accuracy, the share of pictures whose (largest) class is found */
  loss({ images, targets }: ClassificationBatch, { key, labelSmoothing = 0 }: ClassificationLossOptions = {}): { loss: Tensor; accuracy: Tensor } {
    const logits = this.forward(images, { key });
    const found = logits.stopGradient().argMax({ axis: -1 });
    if (targets.rank === 1) return { loss: logits.crossEntropy(targets, { labelSmoothing }).mean(), accuracy: found.equal(targets).cast("f32").mean() };
    if (formatShape(targets.shape) !== formatShape(logits.shape)) {
      throw new ShapeError(`ClassificationModel: targets have shape ${formatShape(targets.shape)}; expected [${logits.shape[0]}] class numbers, or ${formatShape(logits.shape)}.`, { details: { shape: targets.shape } });
    }
    return { loss: softCrossEntropy(logits, targets), accuracy: found.equal(targets.argMax({ axis: -1 })).cast("f32").mean() };
  }
}

/** The mean over the batch of −Σ t log softmax(x). @param logits, targets [batch, classes] */
export const softCrossEntropy = (logits: Tensor, targets: Tensor): Tensor => logits.logSoftmax().mul(targets).sum({ axis: -1 }).mean().neg();
