import { formatShape, ShapeError } from "@multiway/errors";
import { LayerNorm, Linear, Module, truncatedNormalInitialiser, zeroInitialiser } from "@multiway/nn";
import type { RandomKey, Tensor } from "@multiway/tensor";
import { officialNamesOf, type MultiwayTransformer } from "@multiway/transformer";

export interface VqaOptions {
  /** Answers to choose from; 3129 in the released models. */
  numAnswers: number;
}

export interface VqaInput {
  /** [batch, 3, height, width] */
  images: Tensor;
  /** Ids of the question, i32 [batch, length] */
  text: Tensor;
  /** Bool [batch, length]: true for padding. */
  isPadding?: Tensor | undefined;
}

export interface VqaBatch extends VqaInput {
  /** How right each answer is, 0 to 1: f32 [batch, numAnswers]; see {@link scoreOfCount}. */
  targets: Tensor;
}

const linear = { weight: truncatedNormalInitialiser(0.02, 0.02), biasInitialiser: zeroInitialiser };

/**
 * Answers questions about pictures by choosing among known answers: picture and question as one sequence, the class vector of the picture through a pooler
 * and two layers. Its encoder ends without a norm (`finalNorm: false`), as the released ones do.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py (BEiT3ForVisualQuestionAnswering).
 */
export class VqaModel extends Module {
  /** Of `beit3_*_vqa.pth`. */
  static readonly officialNames = officialNamesOf("transformer", {
    "poolerNorm.weight": "pooler.norm.weight",
    "poolerNorm.bias": "pooler.norm.bias",
    "pooler.weight": "pooler.dense.weight",
    "pooler.bias": "pooler.dense.bias",
    "headHidden.weight": "head.0.weight",
    "headHidden.bias": "head.0.bias",
    "headNorm.weight": "head.1.weight",
    "headNorm.bias": "head.1.bias",
    "headAnswers.weight": "head.3.weight",
    "headAnswers.bias": "head.3.bias",
  });

  transformer: MultiwayTransformer;
  poolerNorm: LayerNorm;
  pooler: Linear;
  headHidden: Linear;
  headNorm: LayerNorm;
  headAnswers: Linear;

  constructor(transformer: MultiwayTransformer, { numAnswers }: VqaOptions) {
    super();
    const { embedDim } = transformer;
    this.transformer = transformer;
    this.poolerNorm = new LayerNorm(embedDim);
    this.pooler = new Linear(embedDim, embedDim, linear);
    this.headHidden = new Linear(embedDim, 2 * embedDim, linear);
    this.headNorm = new LayerNorm(2 * embedDim);
    this.headAnswers = new Linear(2 * embedDim, numAnswers, linear);
  }

  get numAnswers(): number {
    return this.headAnswers.weight.shape[0]!;
  }

  /** @returns logits [batch, numAnswers]; their sigmoids say how likely each answer is right */
  forward({ images, text, isPadding }: VqaInput, options: { key?: RandomKey | undefined } = {}): Tensor {
    const { vision } = this.transformer.encodeFusion({ images, text, isPadding }, options);
    const pooled = this.pooler.forward(this.poolerNorm.forward(vision.slice([null, 0]))).tanh();
    return this.headAnswers.forward(this.headNorm.forward(this.headHidden.forward(pooled)).gelu());
  }

  /**
   * Binary cross-entropy of every answer, summed over the answers and averaged over the batch.
   *
   * @returns loss in nats; accuracy, the mean score of the answers that the model would give
   */
  loss({ targets, ...input }: VqaBatch, key?: RandomKey): { loss: Tensor; accuracy: Tensor } {
    const batch = input.images.shape[0]!;
    if (targets.rank !== 2 || targets.shape[0] !== batch || targets.shape[1] !== this.numAnswers) {
      throw new ShapeError(`VqaModel: targets have shape ${formatShape(targets.shape)}; expected [${batch}, ${this.numAnswers}], a score for each answer.`, { details: { shape: targets.shape } });
    }
    const logits = this.forward(input, { key });
    const given = logits.stopGradient().argMax({ axis: -1 }).unsqueeze(-1);
    return { loss: binaryCrossEntropy(logits, targets).sum().div(batch), accuracy: targets.gatherAlong(given, -1).mean() };
  }
}

/** −t log σ(x) − (1 − t) log (1 − σ(x)) for each element, in the form that does not overflow. */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return logits.maximum(0).sub(logits.mul(targets)).add(logits.abs().neg().exp().add(1).log());
}
