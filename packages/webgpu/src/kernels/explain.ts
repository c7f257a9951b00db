import type { Kernel, KernelExplanation } from "@multiway/tensor/device";
import { bindingText, layoutBindings } from "../wgsl/binder.ts";
import { foldWorkgroups, stageModule } from "../wgsl/module.ts";
import { coreLimits, type PlanLimits } from "../wgsl/stage.ts";
import { kernelsOf } from "./index.ts";
import { chooseKernel, planKernel } from "./plan.ts";

/** WebGPU's own; no adapter has less. */
const maxWorkgroupsPerDimension = 65535;
const maxBindingBytes = 2 ** 27;

/** How this device runs a kernel whose buffers lie apart, each in one binding: its strategy, and the WGSL of all its dispatches. */
export async function explain(kernel: Kernel, known: Partial<PlanLimits> = {}): Promise<KernelExplanation> {
  const limits = { ...coreLimits, ...known };
  const chosen = kernel.kind === "loop" ? undefined : await chooseKernel(kernel, limits);
  const asked = kernel.kind === "loop" ? [] : await kernelsOf(kernel.op, limits);
  const { stages } = await planKernel(kernel, limits);
  const source = stages.map((stage) => {
    const ranges = stage.views.map((_, view) => ({ memory: view, offset: 0, size: 256 }));
    const text = bindingText(stage.label, stage.views, ranges, layoutBindings(ranges, maxBindingBytes), limits.maxStorageBuffers);
    return `// ${stage.workgroups} workgroups of ${stage.workgroupSize}\n${stageModule(stage, text, foldWorkgroups(stage.workgroups, maxWorkgroupsPerDimension))}`;
  });
  return { chosen: chosen?.name ?? "loop", refused: chosen ? asked.slice(0, asked.indexOf(chosen)).map(({ name }) => name) : [], source: source.join("\n") };
}
