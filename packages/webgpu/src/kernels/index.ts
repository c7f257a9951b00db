import { kernelOpNames, type KernelOpName } from "@multiway/tensor/device";
import type { PlanLimits } from "../wgsl/stage.ts";
import type { OpKernelChoice } from "./op-kernel.ts";

/**
 * Every kernel op; of its kernels, the first that accepts wins. An op that lacks here does not compile.
 *
 * Each is loaded with the first program that needs it, so that pages carry no more than they run.
 */
const opKernels: Readonly<Record<KernelOpName, (limits: PlanLimits) => Promise<readonly OpKernelChoice[]>>> = {
  matmul: async ({ abilities }) => [
    ...(abilities.matrixConfigs.length > 0 ? [(await import("./matmul-matrix-units.ts")).matmulMatrixUnits] : []),
    ...(await import("./matmul.ts")).matmulKernels,
  ],
  attention: async () => (await import("./attention.ts")).attentionKernels,
  attentionBackward: async () => (await import("./attention-backward.ts")).attentionBackwardKernels,
  layerNorm: async () => (await import("./layer-norm.ts")).layerNormKernels,
  layerNormBackward: async () => (await import("./layer-norm.ts")).layerNormBackwardKernels,
  gather: async () => (await import("./gather.ts")).gatherKernels,
  scatterAdd: async () => (await import("./scatter-add.ts")).scatterAddKernels,
  crossEntropy: async () => (await import("./cross-entropy.ts")).crossEntropyKernels,
  crossEntropyBackward: async () => (await import("./cross-entropy.ts")).crossEntropyBackwardKernels,
  sort: async () => (await import("./sort.ts")).sortKernels,
  cumulativeSum: async () => (await import("./cumulative-sum.ts")).cumulativeSumKernels,
  packHalf: async () => (await import("./pack-half.ts")).packHalfKernels,
};

export async function kernelsOf(op: string, limits: PlanLimits): Promise<readonly OpKernelChoice[]> {
  return (kernelOpNames as readonly string[]).includes(op) ? opKernels[op as KernelOpName](limits) : [];
}
