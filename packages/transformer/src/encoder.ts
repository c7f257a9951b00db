import { OptionError } from "@multiway/errors";
import { LayerNorm, Module, type LinearOptions } from "@multiway/nn";
import type { RandomKey, Tensor } from "@multiway/tensor";
import type { KeysAndValues } from "./attention.ts";
import { MultiwayBlock, type BlockRouting } from "./block.ts";
import { Experts, isFused, mapModalities, type ByModality, type Routing, type SequenceOrder } from "./experts.ts";
import type { ModalityRelativePositions } from "./modality-relative-positions.ts";

/** What positions have to know of an encoder. */
export interface PositionedSizes {
  numHeads: number;
  numLayers: number;
  order: SequenceOrder;
}

export interface MultiwayEncoderOptions {
  numLayers: number;
  embedDim: number;
  numHeads: number;
  ffnDim: number;
  /** Which parts are split by modality. */
  routing: BlockRouting & { finalNorm: Exclude<Routing, "withJointExpert"> };
  /** How many layers, counted from the top, add a vision-language expert for fused input. Default 0. */
  visionLanguageLayers?: number;
  /** Norms inside attention and feed-forward (sub-LN). Default true. */
  subLayerNorm?: boolean;
  /** A norm after the last layer. Default true. */
  finalNorm?: boolean;
  /** Rate of stochastic depth in the last layer; layers below get less, in equal steps from 0. Default 0. */
  dropPathRate?: number;
  /** Of all norms. Default 1e-5. */
  epsilon?: number;
  /** Initialisers of all linear layers. Default: PyTorch's. */
  linear?: LinearOptions;
  /** First value of learnt factors of each residual branch, per channel (Touvron et al. 2021, "Going deeper with image transformers"). Default: none. */
  layerScale?: number | undefined;
  /** Which modality stands first where both form one sequence. Default `visionFirst`. */
  order?: SequenceOrder | undefined;
  /** Whether keys have a bias. Default true. */
  keyBias?: boolean | undefined;
  /** Whether image and text of a sample lose a feed-forward branch together, or each by a draw of its own where each has its own expert. Default `bySample`. */
  ffnDropPath?: "bySample" | "byModality" | undefined;
  /** A learnt bias for each pair of places, by layer and head. Default: none. */
  relativePositions?: ((sizes: PositionedSizes) => ModalityRelativePositions) | undefined;
}

export interface EncodeOptions {
  /** Added to attention scores, by modality of the query: see `attentionBias`. */
  bias?: ByModality<Tensor>;
  /** For stochastic depth; without one nothing is dropped. */
  key?: RandomKey | undefined;
  /** Also return the input of the first layer and the output of each. Default false. */
  hidden?: boolean;
  /** Also return each layer's attention, [batch, heads, queries, keys]. Default false, and then it is not computed. */
  attention?: boolean;
  /** By layer: tokens that came before, in front of all others; see {@link EncoderOutput.own}. */
  past?: readonly (readonly KeysAndValues[])[];
  /** Whether image and text belong together, though only one of them is here, as when a text grows word by word. Default: whether both are here. */
  fused?: boolean;
  /** Also return each layer's keys and values. Default false. */
  own?: boolean;
}

export interface EncoderOutput extends ByModality<Tensor> {
  /** The input of the first layer, then the output of each, before the final norm. */
  hidden?: ByModality<Tensor>[];
  /** By layer: the softmax of the scores of each modality's queries, [batch, heads, queries, keys], in which what is padded or hidden has 0. */
  attention?: ByModality<Tensor>[];
  /** By layer: what tokens that come later may attend to. */
  own?: ByModality<KeysAndValues>[];
}

/** A stack of Multiway blocks over embedded tokens. */
export class MultiwayEncoder extends Module {
  layers: MultiwayBlock[];
  finalNorm?: Experts<LayerNorm>;
  relativePositions?: ModalityRelativePositions;
  readonly order: SequenceOrder;

  constructor(options: MultiwayEncoderOptions) {
    super();
    const { numLayers, embedDim, numHeads, ffnDim, routing, visionLanguageLayers = 0, subLayerNorm = true, dropPathRate = 0, epsilon = 1e-5, linear = {} } = options;
    this.layers = Array.from({ length: numLayers }, (_, layer) => {
      const joint = layer >= numLayers - visionLanguageLayers;
      return new MultiwayBlock({
        embedDim,
        numHeads,
        ffnDim,
        routing: { ...routing, feedForward: joint ? "withJointExpert" : routing.feedForward },
        subLayerNorm,
        dropPathRate: numLayers > 1 ? (dropPathRate * layer) / (numLayers - 1) : 0,
        epsilon,
        linear,
        layerScale: options.layerScale,
        order: options.order,
        keyBias: options.keyBias,
        ffnDropPath: options.ffnDropPath,
      });
    });
    this.order = options.order ?? "visionFirst";
    if (options.relativePositions) this.relativePositions = options.relativePositions({ numHeads, numLayers, order: this.order });
    if (options.finalNorm !== false) this.finalNorm = new Experts(routing.finalNorm, () => new LayerNorm(embedDim, { epsilon }));
  }

  /** @param tokens [batch, length, embedDim] of each modality @returns the same shapes, and what was asked for beside */
  forward(tokens: ByModality<Tensor>, options: EncodeOptions = {}): EncoderOutput {
    const { bias = {}, key, past, fused = isFused(tokens) } = options;
    let x = tokens;
    const own: ByModality<KeysAndValues>[] = [];
    const hidden = [x];
    const attention: ByModality<Tensor>[] = [];
    if (past && this.relativePositions) throw new OptionError("MultiwayEncoder: tokens that came before were given to an encoder with relative positions, whose tables hold whole sequences; expected a model without. Encode the sequence as a whole.");
    const relative = this.relativePositions?.forward({ vision: x.vision?.shape[1] ?? 0, language: x.language?.shape[1] ?? 0 });
    this.layers.forEach((layer, index) => {
      const scores = relative ? addBias(bias, relative(index)) : bias;
      const result = layer.extend(x, { bias: scores, key: key?.fold(index), fused, past: past?.[index] ?? [], maps: options.attention === true });
      if (result.maps) attention.push(result.maps);
      x = result.tokens;
      own.push(result.own);
      hidden.push(x);
    });
    const output: EncoderOutput = this.finalNorm ? mapModalities(x, (part, modality) => this.finalNorm!.pick(modality, fused).forward(part)) : { ...x };
    if (options.hidden) output.hidden = hidden;
    if (options.attention) output.attention = attention;
    if (options.own) output.own = own;
    return output;
  }
}

function addBias(a: ByModality<Tensor>, b: ByModality<Tensor>): ByModality<Tensor> {
  return mapModalities(b, (bias, modality) => a[modality]?.add(bias) ?? bias);
}
