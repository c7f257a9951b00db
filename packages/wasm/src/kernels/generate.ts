import { epilogueLoop, type Kernel, type KernelOpName, type LoopKernel, type OpKernel } from "@multiway/tensor/device";
import type { Target } from "../assembler/index.ts";
import { opImplementations } from "./index.ts";
import type { GeneratedKernel, OpImplementation } from "./kernel.ts";

/** Functions and phases of any kernel. */
export async function generateKernel(kernel: Kernel, target: Target): Promise<GeneratedKernel> {
  if (kernel.kind === "loop") return generateLoop(kernel);
  const implementation = await chooseImplementation(kernel, target);
  const generated = await implementation.generate(kernel, target);
  if (!kernel.epilogue || implementation.runsEpilogues) return generated;
  return { ...generated, phases: [...generated.phases, ...(await generateLoop(epilogueLoop(kernel, kernel.epilogue))).phases] };
}

async function generateLoop(kernel: LoopKernel): Promise<GeneratedKernel> {
  return (await import("../loop/index.ts")).generateLoop(kernel);
}

/** All ways to do an op, in the order in which they are asked. */
export async function implementationsOf(op: string): Promise<readonly OpImplementation[]> {
  return Object.hasOwn(opImplementations, op) ? opImplementations[op as KernelOpName]() : [];
}

/** The first implementation of an op that accepts it. */
export async function chooseImplementation(kernel: OpKernel, target: Target): Promise<OpImplementation> {
  const chosen = (await implementationsOf(kernel.op)).find((candidate) => candidate.accepts?.(kernel, target) ?? true);
  if (!chosen) throw new Error(`the wasm device has no kernel op "${kernel.op}".`);
  return chosen;
}
