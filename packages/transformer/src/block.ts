import { dropPath, FeedForward, LayerNorm, Module, type LinearOptions } from "@multiway/nn";
import { parameter, type RandomKey, type Tensor } from "@multiway/tensor";
import { MultiwayAttention, type AttentionInput, type AttentionResult } from "./attention.ts";
import { Experts, isFused, mapModalities, modalities, type ByModality, type Modality, type Routing, type SequenceOrder } from "./experts.ts";

/** Which parts of a block are split by modality. Plain data. */
export interface BlockRouting {
  attention: Exclude<Routing, "withJointExpert">;
  attentionNorm: Exclude<Routing, "withJointExpert">;
  /** The feed-forward part and the norm before it. */
  feedForward: Routing;
}

export interface MultiwayBlockOptions {
  embedDim: number;
  numHeads: number;
  ffnDim: number;
  routing: BlockRouting;
  /** Norms inside attention and feed-forward (sub-LN). */
  subLayerNorm: boolean;
  /** Probability that a sample skips a residual branch in training. */
  dropPathRate: number;
  epsilon: number;
  linear: LinearOptions;
  /** See {@link MultiwayEncoderOptions}, as the following. */
  layerScale?: number | undefined;
  order?: SequenceOrder | undefined;
  keyBias?: boolean | undefined;
  ffnDropPath?: "bySample" | "byModality" | undefined;
}

export interface BlockInput extends AttentionInput {
  /** For stochastic depth; without one nothing is dropped. */
  key?: RandomKey | undefined;
}

/**
 * x + γ₁ · attention(norm(x)), then x + γ₂ · ffn(norm(x)); pre-norm, as in TorchScale's encoder layer (microsoft/torchscale: torchscale/architecture/encoder.py), and, with
 * layer scale γ, VLMo's (microsoft/unilm: vlmo/vlmo/modules/multiway_transformer.py).
 */
export class MultiwayBlock extends Module {
  attentionNorm: Experts<LayerNorm>;
  attention: MultiwayAttention;
  ffnNorm: Experts<LayerNorm>;
  ffn: Experts<FeedForward>;
  /** γ₁ and γ₂, [embedDim] each, for all modalities; without layer scale there are none. */
  attentionScale?: Tensor;
  ffnScale?: Tensor;
  readonly dropPathRate: number;
  readonly ffnDropPath: "bySample" | "byModality";

  constructor(options: MultiwayBlockOptions) {
    super();
    const { embedDim, numHeads, ffnDim, routing, subLayerNorm, epsilon, linear } = options;
    const norm = () => new LayerNorm(embedDim, { epsilon });
    const feedForward = { innerNorm: subLayerNorm, epsilon, ...(linear.weight ? { weight: linear.weight } : {}), ...(linear.biasInitialiser ? { bias: linear.biasInitialiser } : {}) };
    this.attentionNorm = new Experts(routing.attentionNorm, norm);
    this.attention = new MultiwayAttention({ embedDim, numHeads, routing: routing.attention, innerNorm: subLayerNorm, epsilon, linear, order: options.order, keyBias: options.keyBias });
    this.ffnNorm = new Experts(routing.feedForward, norm);
    this.ffn = new Experts(routing.feedForward, () => new FeedForward(embedDim, ffnDim, feedForward));
    const { layerScale } = options;
    if (layerScale !== undefined) {
      this.attentionScale = parameter([embedDim], () => new Float32Array(embedDim).fill(layerScale));
      this.ffnScale = parameter([embedDim], () => new Float32Array(embedDim).fill(layerScale));
    }
    this.dropPathRate = options.dropPathRate;
    this.ffnDropPath = options.ffnDropPath ?? "bySample";
  }

  /** @param tokens [batch, length, embedDim] of each modality */
  forward(tokens: ByModality<Tensor>, input: BlockInput = {}): ByModality<Tensor> {
    return this.extend(tokens, input).tokens;
  }

  /** As {@link MultiwayBlock.forward}, and what later tokens may attend to; with `maps` its attention too. */
  extend(tokens: ByModality<Tensor>, { key, ...input }: BlockInput = {}): AttentionResult {
    const { fused = isFused(tokens) } = input;
    // One draw per sample and branch, which holds for its image and its text.
    const [attentionKey, ffnKey] = key ? key.split(2) : [];
    const normed = mapModalities(tokens, (x, modality) => this.attentionNorm.pick(modality, fused).forward(x));
    const { tokens: branch, ...rest } = this.attention.extend(normed, input);
    const attended = addBranch(tokens, branch, { scale: this.attentionScale, rate: this.dropPathRate, keyOf: () => attentionKey });
    const transformed = mapModalities(attended, (x, modality) => this.ffn.pick(modality, fused).forward(this.ffnNorm.pick(modality, fused).forward(x)));
    const drawsApart = this.ffnDropPath === "byModality" && !(fused && this.ffn.visionLanguage);
    return { tokens: addBranch(attended, transformed, { scale: this.ffnScale, rate: this.dropPathRate, keyOf: (modality) => (drawsApart ? ffnKey?.fold(modalities.indexOf(modality)) : ffnKey) }), ...rest };
  }
}

interface Branch {
  scale: Tensor | undefined;
  rate: number;
  keyOf: (modality: Modality) => RandomKey | undefined;
}

function addBranch(residual: ByModality<Tensor>, branch: ByModality<Tensor>, { scale, rate, keyOf }: Branch): ByModality<Tensor> {
  const sum: ByModality<Tensor> = {};
  for (const modality of modalities) {
    const x = residual[modality];
    if (!x) continue;
    const y = branch[modality]!;
    sum[modality] = x.add(dropPath(scale ? y.mul(scale) : y, rate, keyOf(modality)));
  }
  return sum;
}
