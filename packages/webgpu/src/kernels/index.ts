import type { KernelOpName } from "@multiway/tensor/device";
import { matmulKernels } from "./matmul.ts";
import type { OpKernelChoice } from "./op-kernel.ts";

/** Every kernel op; of its kernels, the first that accepts wins. */
export const opKernels: Partial<Record<string, readonly OpKernelChoice[]>> = {
  matmul: matmulKernels,
};
