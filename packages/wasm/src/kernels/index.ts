import type { KernelOpName } from "@multiway/tensor/device";
import { attentionBackward } from "./attention-backward.ts";
import { attention } from "./attention.ts";
import { crossEntropy, crossEntropyBackward } from "./cross-entropy.ts";
import type { OpImplementations } from "./kernel.ts";
import { layerNorm, layerNormBackward } from "./layer-norm.ts";
import { matmul } from "./matmul.ts";
import { gather } from "./gather.ts";
import { scatterAdd } from "./scatter-add.ts";
import { sort } from "./sort.ts";
import { cumulativeSum } from "./cumulative-sum.ts";
import { packHalf } from "./pack-half.ts";

/** One line per kernel op, each with its list of implementations. A kernel op that is missing does not compile. */
export const opImplementations: Readonly<Record<KernelOpName, OpImplementations>> = {
  matmul,
  attention,
  attentionBackward,
  layerNorm,
  layerNormBackward,
  crossEntropy,
  crossEntropyBackward,
  gather,
  scatterAdd,
  sort,
  cumulativeSum,
  packHalf,
};
