import { KernelError } from "@multiway/errors";
import { epilogueLoop, type Kernel, type LoopKernel, type OpKernel } from "@multiway/tensor/device";
import type { Plan, PlanLimits } from "../wgsl/stage.ts";
import { kernelsOf } from "./index.ts";
import type { OpKernelChoice } from "./op-kernel.ts";

/** Chooses how a kernel runs: loops are generated, ops take the first of their kernels that accepts. */
export async function planKernel(kernel: Kernel, limits: PlanLimits): Promise<Plan> {
  if (kernel.kind === "loop") return planLoop(kernel, limits);

  const chosen = await chooseKernel(kernel, limits);
  const plan = await chosen.plan(kernel, limits);
  if (!kernel.epilogue || chosen.runsEpilogues) return plan;
  return { ...plan, stages: [...plan.stages, ...(await planLoop(epilogueLoop(kernel, kernel.epilogue), limits)).stages] };
}

async function planLoop(kernel: LoopKernel, limits: PlanLimits): Promise<Plan> {
  return (await import("../loop/index.ts")).planLoop(kernel, limits);
}

/** The first kernel of an op that accepts it. */
export async function chooseKernel(kernel: OpKernel, limits: PlanLimits): Promise<OpKernelChoice> {
  const chosen = (await kernelsOf(kernel.op, limits)).find((candidate) => candidate.accepts(kernel, limits));
  if (!chosen) throw new KernelError(`webgpu: kernel "${kernel.label}" can't be built: this device has no kernel for op "${kernel.op}".`);
  return chosen;
}
