import { OptionError } from "@multiway/errors";
import { layerDecay, type ParameterGroup } from "@multiway/optim";

export interface FineTuningGroupOptions {
  /** Of the encoder. */
  numLayers: number;
  /** Factor of the learning rate from each layer to the one below, above 0 up to 1. Default 1: none. */
  layerDecay?: number;
  /** Factor of the learning rate of tensors in fields whose name begins with `head`; without effect where `layerDecay` is below 1. Default 1. */
  headScale?: number;
}

/** As much of a tensor as groups depend on. */
interface Ranked {
  readonly rank: number;
}

/** 0 for embeddings and position tables, i + 1 for layer i, numLayers + 1 for what stands above. */
export function layerOf(name: string, numLayers: number): number {
  if (/(^|\.)(textEmbedding|visionEmbedding|positions)\./.test(name)) return 0;
  const layer = /(^|\.)encoder\.layers\.(\d+)\./.exec(name)?.[2];
  return layer === undefined ? numLayers + 1 : Number(layer) + 1;
}

/** Whether weight decay acts: not on biases, norms, scalars, the class vector and the table of picture positions; on that of text positions it does. */
export const decays = (name: string, { rank }: Ranked): boolean => rank > 1 && !/(^|\.)(visionEmbedding\.classToken|positions\.vision\.weight)$/.test(name);

/**
 * The optimizer's groups of the official fine-tuning, for `AdamW`'s `groupOf`: learning rates that shrink layer by layer towards the input, and no weight decay
 * for vectors and a few others (microsoft/unilm: beit3/optim_factory.py).
 *
 * ```ts
 * const adamw = new AdamW({ weightDecay: 0.05, groupOf: fineTuningGroups({ numLayers: 12, layerDecay: 0.65 }) });
 * ```
 */
export function fineTuningGroups({ numLayers, layerDecay: decay = 1, headScale = 1 }: FineTuningGroupOptions): (name: string, parameter: Ranked) => ParameterGroup {
  if (!(decay > 0 && decay <= 1)) throw new OptionError(`fineTuningGroups: layerDecay is ${decay}; expected a number above 0, up to 1.`);
  const byLayer = layerDecay({ decay, numLayers, layerOf: (name) => layerOf(name, numLayers) });
  const scaled = decay < 1 ? byLayer : (name: string) => ({ learningRateScale: name.startsWith("head") ? headScale : 1 });
  return (name, parameter) => ({ ...scaled(name), ...(decays(name, parameter) ? {} : { weightDecay: 0 }) });
}
