import { parameter, type Initialiser, type Tensor } from "@multiway/tensor";
import { fanInInitialiser } from "./initialise.ts";
import { Module } from "./module.ts";

export interface LinearOptions {
  /** Adds a bias. Default true. */
  bias?: boolean;
  /** Of the weight. Default: uniform in ±1/√inFeatures, as PyTorch. */
  weight?: Initialiser;
  /** Of the bias. Default: as the weight's default. */
  biasInitialiser?: Initialiser;
}

/** y = x Wᵀ + b over the last axis. */
export class Linear extends Module {
  /** [outFeatures, inFeatures] */
  weight: Tensor;
  /** [outFeatures] */
  bias?: Tensor;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    this.weight = parameter([outFeatures, inFeatures], options.weight ?? fanInInitialiser(inFeatures));
    if (options.bias !== false) this.bias = parameter([outFeatures], options.biasInitialiser ?? fanInInitialiser(inFeatures));
  }

  /** @param x [..., inFeatures] @returns [..., outFeatures] */
  forward(x: Tensor): Tensor {
    const product = x.matmul(this.weight.transpose());
    return this.bias ? product.add(this.bias) : product;
  }
}
