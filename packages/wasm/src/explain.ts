import type { Kernel, KernelExplanation } from "@multiway/tensor/device";
import type { Target } from "./assembler/index.ts";

/** How this device runs a kernel: its strategy, and a module with the functions of its phases. Needs no device. */
export async function explainKernel(kernel: Kernel, target?: Target): Promise<KernelExplanation> {
  const { explain } = await import("./device/index.ts");
  return explain(kernel, target);
}
