import { epilogueLoop, type Kernel } from "@multiway/tensor/device";
import { compileOp } from "./compile-op.ts";
import { compileLoop } from "./loop.ts";
import type { Elements } from "./storage.ts";

/** A kernel as a function of its buffers. */
export function compileKernel(kernel: Kernel): (buffers: readonly Elements[]) => void {
  if (kernel.kind === "loop") return compileLoop(kernel);
  const run = compileOp(kernel);
  if (!kernel.epilogue) return run;
  const finish = compileLoop(epilogueLoop(kernel, kernel.epilogue));
  return (buffers) => {
    run(buffers);
    finish(buffers);
  };
}
