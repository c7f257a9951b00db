import { sizeOf, type LoopKernel } from "@multiway/tensor/device";
import type { Plan, PlanLimits } from "../wgsl/stage.ts";
import { collapseAxes } from "./axes.ts";
import { planPointwise } from "./pointwise.ts";
import { planReduction } from "./reduction.ts";

/** Turns a generated kernel into WGSL. */
export function planLoop(kernel: LoopKernel, limits: PlanLimits): Plan {
  if (sizeOf(kernel.extents) === 0) return { stages: [], scratchBytes: [] };
  const collapsed = collapseAxes(kernel);
  return collapsed.reduction ? planReduction(collapsed, collapsed.reduction, limits) : planPointwise(collapsed);
}
