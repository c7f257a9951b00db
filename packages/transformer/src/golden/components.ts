import { applyDropPath, dropPath, Embedding, FeedForward, LayerNorm, Linear } from "@multiway/nn";
import { DataError, formatValue } from "@multiway/errors";
import { constant, where, zeros, type Tensor } from "@multiway/tensor";
import { MultiwayAttention } from "../attention.ts";
import { MultiwayBlock } from "../block.ts";
import { PositionEmbedding, VisionEmbedding } from "../embeddings.ts";
import { Experts, type ByModality } from "../experts.ts";
import { attentionBias } from "../masks.ts";
import { releasedForm } from "../presets.ts";
import { RelativePositionBias } from "../relative-positions.ts";
import { joinTokens, splitTokens, through, type CaseTensors } from "./case-tensors.ts";
import { countOf, type GoldenManifest, type GoldenRun } from "./manifest.ts";

/** A part of the model, built from a case: gives a run's results, by what stands behind `outputs/<run>`. */
export type Component = (run: GoldenRun) => Record<string, Tensor>;

/** Each op that a manifest of kind `component` may name. */
const components: Readonly<Record<string, (manifest: GoldenManifest, tensors: CaseTensors) => Component>> = {
  attention: ({ config }, tensors) => {
    const module = tensors.load(attentionOf(config), "encoder.layers.0.self_attn.", "encoder.layers.0.attention.");
    return (run) => {
      const x = tensors.needed(run, "x");
      const tokens = splitTokens(x, splitOf(run));
      const bias = biasOf(run, tokens, x, tensors);
      const probabilities = joinTokens(module.probabilities(tokens, bias), 2);
      return { "/out": joinTokens(module.forward(tokens, { bias })), "/probabilities": probabilities.flatten(0, 1) };
    };
  },
  encoder_layer: ({ config }, tensors) => {
    const [embedDim, numHeads, ffnDim] = [countOf(config, "embed_dim"), countOf(config, "heads"), countOf(config, "ffn_dim")];
    const { routing, subLayerNorm } = releasedForm;
    const module = tensors.load(new MultiwayBlock({ embedDim, numHeads, ffnDim, routing, subLayerNorm, dropPathRate: 0, epsilon: 1e-5, linear: {} }), "encoder.layers.0.", "encoder.layers.0.");
    return (run) => {
      const x = tensors.needed(run, "x");
      const tokens = splitTokens(x, splitOf(run));
      return { "": joinTokens(module.forward(tokens, { bias: biasOf(run, tokens, x, tensors) })) };
    };
  },
  feed_forward: ({ config }, tensors) => {
    const module = tensors.load(new FeedForward(countOf(config, "embed_dim"), countOf(config, "ffn_dim"), { innerNorm: true }), "encoder.layers.0.ffn.A.", "encoder.layers.0.ffn.vision.");
    return (run) => ({ "": module.forward(tensors.needed(run, "x")) });
  },
  multiway_layernorm: ({ config }, tensors) => {
    const module = tensors.load(new Experts("byModality", () => new LayerNorm(countOf(config, "embed_dim"))), "encoder.layer_norm.", "encoder.finalNorm.");
    return (run) => ({ "": through(splitTokens(tensors.needed(run, "x"), splitOf(run)), (x, modality) => module.pick(modality, false).forward(x)) });
  },
  multiway_linear: ({ config }, tensors) => {
    const make = () => new Linear(countOf(config, "embed_dim"), countOf(config, "out_dim"));
    const module = tensors.load(new Experts("byModality", make), "encoder.layers.0.self_attn.q_proj.", "encoder.layers.0.attention.query.");
    return (run) => ({ "": through(splitTokens(tensors.needed(run, "x"), splitOf(run)), (x, modality) => module.pick(modality, false).forward(x)) });
  },
  multiway_embedding: ({ config }, tensors) => {
    const rows = [countOf(config, "count_a"), countOf(config, "count_b")];
    const module = tensors.load(new Experts("byModality", () => new PositionEmbedding(rows.shift()!, countOf(config, "embed_dim"))), "encoder.embed_positions.", "positions.");
    return (run) => {
      // What is embedded is only counted.
      const tokens = splitTokens(zeros([1, countOf({ ...run }, "length"), 1]), splitOf(run));
      const positions = tensors.input(run, "positions");
      return { "": through(tokens, (x, modality) => module.pick(modality, false).forward(x.shape[1]!, positions)) };
    };
  },
  position_embedding: ({ config }, tensors) => {
    const module = tensors.load(new PositionEmbedding(countOf(config, "count"), countOf(config, "embed_dim")), "encoder.embed_positions.A.", "positions.vision.");
    return (run) => ({ "": module.forward(countOf({ ...run }, "length"), tensors.input(run, "positions")) });
  },
  relative_position_bias: ({ config }, tensors) => {
    const module = new RelativePositionBias({ numBuckets: countOf(config, "num_buckets"), maxDistance: countOf(config, "max_distance"), numHeads: countOf(config, "heads") });
    module.loadStateDict({ weight: tensors.tensor("weights/relative_attention_bias.weight") });
    return (run) => {
      const [queries, keys] = [countOf({ ...run }, "qlen"), countOf({ ...run }, "klen")];
      const bias = module.forward(queries, keys, run.step ?? 0);
      const repeated = bias.unsqueeze(0).expand([run.batch ?? 1, ...bias.shape]).flatten(0, 1);
      return { "": repeated, "/bucket": constant(module.buckets(queries, keys, run.step ?? 0), { shape: [queries, keys] }) };
    };
  },
  text_embedding: ({ config }, tensors) => {
    const module = tensors.load(new Embedding(countOf(config, "vocab_size"), countOf(config, "embed_dim")), "text_embed.", "textEmbedding.");
    return (run) => ({ "": module.forward(tensors.needed(run, "text")) });
  },
  vision_embedding: ({ config }, tensors) => {
    const module = tensors.load(new VisionEmbedding({ patchSize: countOf(config, "patch_size"), embedDim: countOf(config, "embed_dim") }), "vision_embed.", "visionEmbedding.");
    return (run) => ({ "": module.forward(tensors.needed(run, "image"), tensors.mask(run, "vision_mask")) });
  },
};

/** Results of a case of kind `component`, by their full names. */
export function runComponent(manifest: GoldenManifest, tensors: CaseTensors): Map<string, Tensor> {
  const make = Object.hasOwn(components, manifest.op ?? "") ? components[manifest.op!] : undefined;
  if (!make) throw new DataError(`runTransformerCase: the manifest's op is ${formatValue(manifest.op)}; expected one of ${Object.keys(components).join(", ")}.`);
  const component = make(manifest, tensors);
  return new Map(manifest.runs.flatMap((run) => Object.entries(component(run)).map(([end, result]) => [`outputs/${run.name}${end}`, result] as const)));
}

/** Results of a case of kind `component.drop_path`: survivors are given, so that the draw does not matter. */
export function runDropPath(manifest: GoldenManifest, tensors: CaseTensors): Map<string, Tensor> {
  const x = tensors.tensor("inputs/x");
  const results = new Map([["outputs/eval/out", dropPath(x, 0.5, undefined)]]);
  for (const rate of manifest.rates) {
    const out = applyDropPath(x, tensors.tensor(`outputs/rate_${rate}/kept`).cast("bool"), rate);
    results.set(`outputs/rate_${rate}/out`, out);
    results.set(`outputs/rate_${rate}/kept`, out.notEqual(0).flatten(1).any({ axis: 1 }).cast("u32"));
  }
  return results;
}

function attentionOf(config: Record<string, unknown>): MultiwayAttention {
  return new MultiwayAttention({ embedDim: countOf(config, "embed_dim"), numHeads: countOf(config, "heads"), routing: "byModality", innerNorm: true, epsilon: 1e-5, linear: {} });
}

const splitOf = (run: GoldenRun): number => countOf({ ...run }, "split_position");

/** All that a run adds to attention scores; its padding covers the joined sequence. */
function biasOf(run: GoldenRun, tokens: ByModality<Tensor>, x: Tensor, tensors: CaseTensors): ByModality<Tensor> {
  const [batch, length] = x.shape as [number, number];
  const lengths = { vision: tokens.vision?.shape[1] ?? 0, language: tokens.language?.shape[1] ?? 0 };
  const padding = tensors.mask(run, "padding_mask");
  const relative = tensors.input(run, "rel_pos");
  const scores = [
    tensors.input(run, "additive_mask"),
    relative?.reshape([batch, relative.shape[0]! / batch, length, length]),
    // The model itself never pads pictures.
    padding && lengths.vision > 0 ? where(padding.narrow(1, 0, lengths.vision), -Infinity, 0).pad([[0, 0], [0, lengths.language]]).reshape([batch, 1, 1, length]) : undefined,
  ].filter((part) => part !== undefined);
  return attentionBias(lengths, {
    isPadding: lengths.language > 0 ? padding?.narrow(1, lengths.vision, lengths.language) : undefined,
    isHidden: tensors.mask(run, "hidden_mask"),
    scores: scores.length > 0 ? scores.reduce((sum, part) => sum.add(part)) : undefined,
  });
}
