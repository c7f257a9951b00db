import type { Kernel, KernelExplanation } from "@multiway/tensor/device";
import type { PlanLimits } from "./wgsl/stage.ts";

/**
 * How this device runs a kernel: its strategy, and the WGSL of all its dispatches, for buffers that lie apart, each in one binding. Needs no device. `limits` is what an
 * adapter has beyond what every one has.
 */
export async function explainKernel(kernel: Kernel, limits?: Partial<PlanLimits>): Promise<KernelExplanation> {
  const { explain } = await import("./device/index.ts");
  return explain(kernel, limits);
}
