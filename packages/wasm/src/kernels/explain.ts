import type { Kernel, KernelExplanation } from "@multiway/tensor/device";
import { ModuleBuilder, type Target } from "../assembler/index.ts";
import { chooseImplementation, generateKernel, implementationsOf } from "./generate.ts";
import { defineKernelFunction } from "./kernel.ts";

/** How this device runs a kernel: its strategy, and a module with the functions of its phases. */
export async function explain(kernel: Kernel, target: Target = { relaxedSimd: true }): Promise<KernelExplanation> {
  const module = new ModuleBuilder({ ...target, memory: { module: "device", name: "memory", initialPages: 1, maximumPages: 65536, shared: true } });
  const { phases } = await generateKernel(kernel, target);
  const functions = new Map(phases.map((phase) => [phase.function.key, phase.function]));
  [...functions.values()].forEach((definition, index) => defineKernelFunction(module, `f${index}`, definition));
  const source = module.toBytes();
  if (kernel.kind === "loop") return { chosen: "loop", refused: [], source };
  const chosen = await chooseImplementation(kernel, target);
  const asked = await implementationsOf(kernel.op);
  return { chosen: chosen.name, refused: asked.slice(0, asked.indexOf(chosen)).map(({ name }) => name), source };
}
