import { KernelError } from "@multiway/errors";
import { epilogueLoop, type Kernel, type OpKernel } from "@multiway/tensor/device";
import { planLoop } from "../loop/plan.ts";
import type { Plan, PlanLimits } from "../wgsl/stage.ts";
import { kernelsOf } from "./index.ts";
import type { OpKernelChoice } from "./op-kernel.ts";

/** Chooses how a kernel runs: loops are generated, ops take the first of their kernels that accepts. */
export function planKernel(kernel: Kernel, limits: PlanLimits): Plan {
  if (kernel.kind === "loop") return planLoop(kernel, limits);

  const chosen = chooseKernel(kernel, limits);
  const plan = chosen.plan(kernel, limits);
  if (!kernel.epilogue || chosen.runsEpilogues) return plan;
  return { ...plan, stages: [...plan.stages, ...planLoop(epilogueLoop(kernel, kernel.epilogue), limits).stages] };
}

/** The first kernel of an op that accepts it. */
export function chooseKernel(kernel: OpKernel, limits: PlanLimits): OpKernelChoice {
  const chosen = kernelsOf(kernel.op).find((candidate) => candidate.accepts(kernel, limits));
  if (!chosen) throw new KernelError(`webgpu: kernel "${kernel.label}" can't be built: this device has no kernel for op "${kernel.op}".`);
  return chosen;
}
