import { parameter, type Initialiser, type Tensor } from "@multiway/tensor";
import { normalInitialiser } from "./initialise.ts";
import { Module } from "./module.ts";

/** A table of vectors, one per id. */
export class Embedding extends Module {
  /** [count, width] */
  weight: Tensor;

  /** @param initialiser default: normal with deviation 1, as PyTorch */
  constructor(count: number, width: number, { weight = normalInitialiser(1) }: { weight?: Initialiser } = {}) {
    super();
    this.weight = parameter([count, width], weight);
  }

  /** @param ids i32 [...]; an id outside the table reads zeros @returns [..., width] */
  forward(ids: Tensor): Tensor {
    return this.weight.gather(ids);
  }
}
