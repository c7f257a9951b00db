import { LayerNorm, Linear, Module, type LinearOptions } from "@multiway/nn";
import type { Tensor } from "@multiway/tensor";
import { concat } from "@multiway/tensor";
import { Experts, inSequence, isFused, mapModalities, type ByModality, type Routing, type SequenceOrder } from "./experts.ts";

export interface MultiwayAttentionOptions {
  embedDim: number;
  numHeads: number;
  /** Of the four projections and the inner norm. */
  routing: Exclude<Routing, "withJointExpert">;
  /** A norm between the joined heads and the output projection: one half of sub-LN. */
  innerNorm: boolean;
  epsilon: number;
  linear: LinearOptions;
  /** Of the keys of both modalities. Default `visionFirst`. */
  order?: SequenceOrder | undefined;
  /** Whether keys have a bias, which the softmax does not see. Default true. */
  keyBias?: boolean | undefined;
}

/** What attention has made of some tokens, for others to attend to: each [batch, length, heads, width of a head]. */
export interface KeysAndValues {
  keys: Tensor;
  values: Tensor;
}

export interface AttentionInput {
  /** Added to the scores of each modality's queries: broadcasts to [batch, heads, length of the modality, length of all]. */
  bias?: ByModality<Tensor>;
  /** Tokens that came before, in front of all others. */
  past?: readonly KeysAndValues[];
  /** Whether image and text belong together, though only one of them may be here. Default: whether both are here. */
  fused?: boolean;
  /** Also give the softmax of the scores. Default false: it is then never computed, and attention needs no room for it. */
  maps?: boolean;
}

export interface AttentionResult {
  /** [batch, length, embedDim] of each modality */
  tokens: ByModality<Tensor>;
  /** What later tokens may attend to. */
  own: ByModality<KeysAndValues>;
  /** [batch, heads, length of the modality, length of all]; keys in the order of past, then the joined sequence. Every row sums to 1. Only if asked for. */
  maps?: ByModality<Tensor>;
}

/**
 * Self-attention over image and text tokens together. Each modality may have projections of its own; the tokens meet in the scores.
 *
 * Projections, norms and outputs of the two modalities stay separate tensors: joining them would cost copies.
 */
export class MultiwayAttention extends Module {
  query: Experts<Linear>;
  key: Experts<Linear>;
  value: Experts<Linear>;
  out: Experts<Linear>;
  innerNorm?: Experts<LayerNorm>;
  readonly numHeads: number;
  readonly order: SequenceOrder;

  constructor(options: MultiwayAttentionOptions) {
    super();
    const { embedDim, routing, linear } = options;
    const project = (options = linear) => new Experts(routing, () => new Linear(embedDim, embedDim, options));
    this.query = project();
    this.key = project(options.keyBias === false ? { ...linear, bias: false } : linear);
    this.value = project();
    this.out = project();
    if (options.innerNorm) this.innerNorm = new Experts(routing, () => new LayerNorm(embedDim, { epsilon: options.epsilon }));
    this.numHeads = options.numHeads;
    this.order = options.order ?? "visionFirst";
  }

  /** @param tokens [batch, length, embedDim] of each modality @returns the same shapes */
  forward(tokens: ByModality<Tensor>, input: AttentionInput = {}): ByModality<Tensor> {
    return this.extend(tokens, input).tokens;
  }

  /** As {@link MultiwayAttention.forward}, and what later tokens may attend to. */
  extend(tokens: ByModality<Tensor>, { bias = {}, past = [], fused = isFused(tokens), maps = false }: AttentionInput = {}): AttentionResult {
    const { query, key, value } = this.project(tokens, fused);
    const keys = [...past.map((segment) => segment.keys), ...segmentsOf(key, this.order)];
    const values = [...past.map((segment) => segment.values), ...segmentsOf(value, this.order)];
    const attended = mapModalities(query, (q, modality) => {
      const heads = q.attention(keys, values, { bias: bias[modality] });
      const joined = heads.reshape(tokens[modality]!.shape);
      return this.out.pick(modality, fused).forward(this.innerNorm ? this.innerNorm.pick(modality, fused).forward(joined) : joined);
    });
    const result: AttentionResult = { tokens: attended, own: mapModalities(key, (keys, modality) => ({ keys, values: value[modality]! })) };
    if (maps) result.maps = mapsOf(query, keys, bias);
    return result;
  }

  /** The softmax of the scores alone: see {@link AttentionResult.maps}. */
  probabilities(tokens: ByModality<Tensor>, bias: ByModality<Tensor> = {}): ByModality<Tensor> {
    const { query, key } = this.project(tokens, isFused(tokens));
    return mapsOf(query, segmentsOf(key, this.order), bias);
  }

  private project(tokens: ByModality<Tensor>, fused: boolean): Record<"query" | "key" | "value", ByModality<Tensor>> {
    const split = (projection: Experts<Linear>) =>
      mapModalities(tokens, (x, modality) => {
        const [batch, length, width] = x.shape as [number, number, number];
        return projection.pick(modality, fused).forward(x).reshape([batch, length, this.numHeads, width / this.numHeads]);
      });
    return { query: split(this.query), key: split(this.key), value: split(this.value) };
  }
}

/** softmax(q kᵀ / √d + bias). @param keys each [batch, length, heads, headDim] */
function mapsOf(query: ByModality<Tensor>, keys: readonly Tensor[], bias: ByModality<Tensor>): ByModality<Tensor> {
  const allKeys = concat([...keys], 1).permute([0, 2, 3, 1]);
  return mapModalities(query, (q, modality) => {
    const scores = q.permute([0, 2, 1, 3]).matmul(allKeys).mul(1 / Math.sqrt(q.shape[3]!));
    return (bias[modality] ? scores.add(bias[modality]) : scores).softmax(-1);
  });
}

/** A modality without tokens adds no segment; of two such, one stays. */
function segmentsOf(values: ByModality<Tensor>, order: SequenceOrder): Tensor[] {
  const present = inSequence(values, order);
  const segments = present.filter((value) => value.shape[1] !== 0);
  return segments.length > 0 ? segments : present.slice(0, 1);
}
