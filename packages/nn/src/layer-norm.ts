import { parameter, type Tensor } from "@multiway/tensor";
import { oneInitialiser, zeroInitialiser } from "./initialise.ts";
import { Module } from "./module.ts";

/** (x − mean) / √(variance + ε) · weight + bias over the last axis (Ba, Kiros, Hinton 2016, "Layer normalization"). */
export class LayerNorm extends Module {
  /** [width], 1 at the start */
  weight: Tensor;
  /** [width], 0 at the start */
  bias: Tensor;
  readonly epsilon: number;

  /** @param epsilon default 1e-5 */
  constructor(width: number, { epsilon = 1e-5 }: { epsilon?: number } = {}) {
    super();
    this.weight = parameter([width], oneInitialiser);
    this.bias = parameter([width], zeroInitialiser);
    this.epsilon = epsilon;
  }

  /** @param x [..., width] @returns [..., width] */
  forward(x: Tensor): Tensor {
    return x.layerNorm(this.weight, this.bias, { epsilon: this.epsilon });
  }
}
