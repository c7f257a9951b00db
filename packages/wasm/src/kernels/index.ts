import type { KernelOpName } from "@multiway/tensor/device";
import type { OpImplementations } from "./kernel.ts";
import { matmul } from "./matmul.ts";

/** One line per kernel op, each with its list of implementations. */
export const opImplementations: Partial<Record<KernelOpName, OpImplementations>> = {
  matmul,
};
