import { Linear, Module, truncatedNormalInitialiser } from "@multiway/nn";
import { OptionError } from "@multiway/errors";
import { arange, checkpoint, concat, parameter, type RandomKey, type Tensor } from "@multiway/tensor";
import type { MultiwayTransformer } from "@multiway/transformer";
import { retrievalNames } from "./checkpoint-names.ts";

/** How a sequence becomes one vector: its first token (the released models), or the mean of its tokens that are not padding. */
export type Pooling = "first" | "mean";

export interface RetrievalOptions {
  /** Default "first". */
  pooling?: Pooling;
  /** Width of the common space. Default: that of the encoder. */
  outputDim?: number;
}

export interface RetrievalBatch {
  /** [batch, 3, height, width] */
  images: Tensor;
  /** Ids, i32 [batch, length] */
  text: Tensor;
  /** Bool [batch, length] */
  isPadding: Tensor;
}

export interface RetrievalLossOptions {
  /**
   * Encodes so many pictures, then so many texts at a time, and computes what is in them once more for the gradient: memory for one chunk and the vectors of all, a third more work.
   * The loss is that of the whole batch, and its gradients are exact. Default: all at once.
   */
  chunkSize?: number | undefined;
}

/**
 * A dual encoder: pictures and texts as unit vectors in one space, compared by their products.
 *
 * Source: microsoft/unilm: beit3/modeling_finetune.py (BEiT3ForRetrieval). The similarity scale is learnt as a logarithm and not clamped.
 */
export class RetrievalModel extends Module {
  static readonly officialNames = retrievalNames;
  transformer: MultiwayTransformer;
  visionHead: Linear;
  languageHead: Linear;
  /** Scalar: logarithm of the factor of similarities; ln(1/0.07) at the start */
  logitScale: Tensor;
  readonly pooling: Pooling;

  constructor(transformer: MultiwayTransformer, { pooling = "first", outputDim = transformer.embedDim }: RetrievalOptions = {}) {
    super();
    const head = () => new Linear(transformer.embedDim, outputDim, { bias: false, weight: truncatedNormalInitialiser(0.02, 0.02) });
    this.transformer = transformer;
    this.visionHead = head();
    this.languageHead = head();
    this.logitScale = parameter([], () => Float32Array.of(Math.log(1 / 0.07)));
    this.pooling = pooling;
  }

  /** @param images [batch, 3, height, width] @returns unit vectors [batch, outputDim] */
  encodeImages(images: Tensor, options: { key?: RandomKey | undefined } = {}): Tensor {
    return toUnit(this.visionHead.forward(pool(this.transformer.encodeVision(images, options).vision, this.pooling)));
  }

  /** @param text ids [batch, length] @returns unit vectors [batch, outputDim] */
  encodeTexts(text: Tensor, isPadding: Tensor, options: { key?: RandomKey | undefined } = {}): Tensor {
    return toUnit(this.languageHead.forward(pool(this.transformer.encodeLanguage(text, { ...options, isPadding }).language, this.pooling, isPadding)));
  }

  /**
   * The symmetric contrastive loss over a batch in which picture i belongs to text i (Radford et al. 2021, "CLIP", figure 3).
   *
   * @param key for stochastic depth; each chunk draws by a key of its own
   * @returns loss; accuracy, the share of pictures whose own text is the best in the batch
   */
  loss({ images, text, isPadding }: RetrievalBatch, key?: RandomKey, { chunkSize }: RetrievalLossOptions = {}): { loss: Tensor; accuracy: Tensor } {
    const [imageKey, textKey] = key ? key.split(2) : [];
    const vision = inChunks(images.shape[0]!, chunkSize, imageKey, (from, count, own) => checkpoint((x: Tensor) => this.encodeImages(x, { key: own }))(images.narrow(0, from, count)));
    const language = inChunks(text.shape[0]!, chunkSize, textKey, (from, count, own) =>
      checkpoint((x: Tensor, padding: Tensor) => this.encodeTexts(x, padding, { key: own }))(text.narrow(0, from, count), isPadding.narrow(0, from, count)),
    );
    return contrastiveLoss(vision ?? this.encodeImages(images, { key: imageKey }), language ?? this.encodeTexts(text, isPadding, { key: textKey }), this.logitScale);
  }
}

/** Vectors of a batch, a chunk after the other; undefined where one chunk holds all. */
function inChunks(batch: number, chunkSize: number | undefined, key: RandomKey | undefined, encode: (from: number, count: number, key: RandomKey | undefined) => Tensor): Tensor | undefined {
  if (chunkSize === undefined) return undefined;
  if (!Number.isInteger(chunkSize) || chunkSize < 1) throw new OptionError(`RetrievalModel: chunkSize is ${chunkSize}; expected a whole number, 1 or more, of pictures or texts that are encoded at a time.`);
  if (chunkSize >= batch) return undefined;
  const chunks = Array.from({ length: Math.ceil(batch / chunkSize) }, (_, index) => encode(index * chunkSize, Math.min(chunkSize, batch - index * chunkSize), key?.fold(index)));
  return concat(chunks, 0);
}

/** Cross-entropy of each picture's similarities with its own text, and of each text's with its own picture; their mean. @param images, texts unit vectors [batch, width] */
export function contrastiveLoss(images: Tensor, texts: Tensor, logitScale: Tensor): { loss: Tensor; accuracy: Tensor } {
  const batch = images.shape[0]!;
  const logits = images.matmul(texts.transpose()).mul(logitScale.exp());
  const targets = arange(batch);
  const loss = logits.crossEntropy(targets).mean().add(logits.transpose().crossEntropy(targets).mean()).mul(0.5);
  return { loss, accuracy: logits.stopGradient().argMax({ axis: -1 }).equal(targets).cast("f32").mean() };
}

function pool(tokens: Tensor, pooling: Pooling, isPadding?: Tensor): Tensor {
  if (pooling === "first") return tokens.slice([null, 0]);
  if (!isPadding) return tokens.mean({ axis: 1 });
  const isToken = isPadding.cast("bool").not().cast("f32").unsqueeze(-1);
  return tokens.mul(isToken).sum({ axis: 1 }).div(isToken.sum({ axis: 1 }));
}

/** x / max(‖x‖, 1e-12), as torch's normalize. */
const toUnit = (x: Tensor): Tensor => x.div(x.square().sum({ axis: -1, keepDims: true }).sqrt().maximum(1e-12));
