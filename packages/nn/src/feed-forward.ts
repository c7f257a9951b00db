import type { Initialiser, Tensor } from "@multiway/tensor";
import { LayerNorm } from "./layer-norm.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

export interface FeedForwardOptions {
  /** A norm over the inner width before the second matrix: one half of sub-LN (Wang et al. 2022, "Foundation transformers"). Default false. */
  innerNorm?: boolean;
  /** Of both weights. Default: PyTorch's for linear layers. */
  weight?: Initialiser;
  /** Of both biases. */
  bias?: Initialiser;
  /** Of the norm. Default 1e-5. */
  epsilon?: number;
}

/** Two matrices with exact GELU between them. */
export class FeedForward extends Module {
  /** embedDim → ffnDim */
  up: Linear;
  norm?: LayerNorm;
  /** ffnDim → embedDim */
  down: Linear;

  constructor(embedDim: number, ffnDim: number, options: FeedForwardOptions = {}) {
    super();
    const linear = { ...(options.weight ? { weight: options.weight } : {}), ...(options.bias ? { biasInitialiser: options.bias } : {}) };
    this.up = new Linear(embedDim, ffnDim, linear);
    if (options.innerNorm) this.norm = new LayerNorm(ffnDim, { epsilon: options.epsilon ?? 1e-5 });
    this.down = new Linear(ffnDim, embedDim, linear);
  }

  /** @param x [..., embedDim] @returns [..., embedDim] */
  forward(x: Tensor): Tensor {
    const inner = this.up.forward(x).gelu();
    return this.down.forward(this.norm ? this.norm.forward(inner) : inner);
  }
}
