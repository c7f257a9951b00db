import type { KernelOpName } from "@multiway/tensor/device";
import type { OpImplementations } from "./kernel.ts";

/**
 * One line per kernel op, each with its list of implementations. A kernel op that is missing does not compile.
 *
 * Each is loaded with the first program that needs it, so that pages carry no more than they run.
 */
export const opImplementations: Readonly<Record<KernelOpName, () => Promise<OpImplementations>>> = {
  matmul: async () => (await import("./matmul.ts")).matmul,
  attention: async () => (await import("./attention.ts")).attention,
  attentionBackward: async () => (await import("./attention-backward.ts")).attentionBackward,
  layerNorm: async () => (await import("./layer-norm.ts")).layerNorm,
  layerNormBackward: async () => (await import("./layer-norm.ts")).layerNormBackward,
  crossEntropy: async () => (await import("./cross-entropy.ts")).crossEntropy,
  crossEntropyBackward: async () => (await import("./cross-entropy.ts")).crossEntropyBackward,
  gather: async () => (await import("./gather.ts")).gather,
  scatterAdd: async () => (await import("./scatter-add.ts")).scatterAdd,
  sort: async () => (await import("./sort.ts")).sort,
  cumulativeSum: async () => (await import("./cumulative-sum.ts")).cumulativeSum,
  packHalf: async () => (await import("./pack-half.ts")).packHalf,
};
