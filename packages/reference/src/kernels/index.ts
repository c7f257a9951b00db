import type { KernelOpName } from "@multiway/tensor/device";
import type { KernelOp } from "../op.ts";
import { attentionBackward } from "./attention-backward.ts";
import { attention } from "./attention.ts";
import { crossEntropy, crossEntropyBackward } from "./cross-entropy.ts";
import { cumulativeSum } from "./cumulative-sum.ts";
import { gather } from "./gather.ts";
import { layerNorm, layerNormBackward } from "./layer-norm.ts";
import { matmul } from "./matmul.ts";
import { packHalf } from "./pack-half.ts";
import { scatterAdd } from "./scatter-add.ts";
import { sort } from "./sort.ts";

/** An op without an entry here does not compile. */
export const kernelOps: Readonly<Record<KernelOpName, KernelOp>> = {
  matmul,
  attention,
  attentionBackward,
  layerNorm,
  layerNormBackward,
  gather,
  scatterAdd,
  crossEntropy,
  crossEntropyBackward,
  sort,
  cumulativeSum,
  packHalf,
};
