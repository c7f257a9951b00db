import { epilogueLoop, type Kernel, type KernelOpName, type OpKernel } from "@multiway/tensor/device";
import type { Target } from "../assembler/index.ts";
import { generateLoop } from "../loop/generate-loop.ts";
import { opImplementations } from "./index.ts";
import type { GeneratedKernel, OpImplementation } from "./kernel.ts";

/** Functions and phases of any kernel. */
export function generateKernel(kernel: Kernel, target: Target): GeneratedKernel {
  if (kernel.kind === "loop") return generateLoop(kernel);
  const implementation = chooseImplementation(kernel, target);
  const generated = implementation.generate(kernel, target);
  if (!kernel.epilogue || implementation.runsEpilogues) return generated;
  return { ...generated, phases: [...generated.phases, ...generateLoop(epilogueLoop(kernel, kernel.epilogue)).phases] };
}

/** All ways to do an op, in the order in which they are asked. */
export const implementationsOf = (op: string): readonly OpImplementation[] => (Object.hasOwn(opImplementations, op) ? opImplementations[op as KernelOpName] : []);

/** The first implementation of an op that accepts it. */
export function chooseImplementation(kernel: OpKernel, target: Target): OpImplementation {
  const chosen = implementationsOf(kernel.op).find((candidate) => candidate.accepts?.(kernel, target) ?? true);
  if (!chosen) throw new Error(`the wasm device has no kernel op "${kernel.op}".`);
  return chosen;
}
