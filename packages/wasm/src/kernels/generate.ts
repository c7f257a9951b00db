import { epilogueLoop, type Kernel, type KernelOpName } from "@multiway/tensor/device";
import type { Target } from "../assembler/index.ts";
import { generateLoop } from "../loop/generate-loop.ts";
import { opImplementations } from "./index.ts";
import type { GeneratedKernel } from "./kernel.ts";

/** Functions and phases of any kernel. */
export function generateKernel(kernel: Kernel, target: Target): GeneratedKernel {
  if (kernel.kind === "loop") return generateLoop(kernel);
  const implementation = (Object.hasOwn(opImplementations, kernel.op) ? opImplementations[kernel.op as KernelOpName] : []).find((candidate) => candidate.accepts?.(kernel, target) ?? true);
  if (!implementation) throw new Error(`the wasm device has no kernel op "${kernel.op}".`);
  const generated = implementation.generate(kernel, target);
  if (!kernel.epilogue || implementation.runsEpilogues) return generated;
  return { ...generated, phases: [...generated.phases, ...generateLoop(epilogueLoop(kernel, kernel.epilogue)).phases] };
}
