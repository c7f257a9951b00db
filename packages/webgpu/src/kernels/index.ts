import { kernelOpNames, type KernelOpName } from "@multiway/tensor/device";
import { attentionBackwardKernels } from "./attention-backward.ts";
import { attentionKernels } from "./attention.ts";
import { crossEntropyBackwardKernels, crossEntropyKernels } from "./cross-entropy.ts";
import { cumulativeSumKernels } from "./cumulative-sum.ts";
import { gatherKernels } from "./gather.ts";
import { layerNormBackwardKernels, layerNormKernels } from "./layer-norm.ts";
import { matmulKernels } from "./matmul.ts";
import type { OpKernelChoice } from "./op-kernel.ts";
import { packHalfKernels } from "./pack-half.ts";
import { scatterAddKernels } from "./scatter-add.ts";
import { sortKernels } from "./sort.ts";

/** Every kernel op; of its kernels, the first that accepts wins. An op that lacks here does not compile. */
const opKernels: Readonly<Record<KernelOpName, readonly OpKernelChoice[]>> = {
  matmul: matmulKernels,
  attention: attentionKernels,
  attentionBackward: attentionBackwardKernels,
  layerNorm: layerNormKernels,
  layerNormBackward: layerNormBackwardKernels,
  gather: gatherKernels,
  scatterAdd: scatterAddKernels,
  crossEntropy: crossEntropyKernels,
  crossEntropyBackward: crossEntropyBackwardKernels,
  sort: sortKernels,
  cumulativeSum: cumulativeSumKernels,
  packHalf: packHalfKernels,
};

export function kernelsOf(op: string): readonly OpKernelChoice[] {
  return (kernelOpNames as readonly string[]).includes(op) ? opKernels[op as KernelOpName] : [];
}
