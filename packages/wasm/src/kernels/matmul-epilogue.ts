import { epilogueLoop, type Epilogue, type OpKernel } from "@multiway/tensor/device";
import type { Local } from "../assembler/index.ts";
import { plainNest, type Nest } from "../loop/nest.ts";
import { emitOnBlock } from "../loop/pointwise.ts";
import type { Argument, KernelFunction, Phase } from "./kernel.ts";
import { multiply, multiplyParameters, type MultiplyValues } from "./matmul-functions.ts";

/** The phase that multiplies, of a product with an epilogue. */
export function multiplyThen(kernel: OpKernel, epilogue: Epilogue, tasks: number, values: Readonly<Record<string, Argument>>): Phase {
  const own = Object.fromEntries(kernel.buffers.map((_, buffer) => [`e${buffer}`, { buffer }]));
  return { function: matmulMultiplyThen(plainNest(epilogueLoop(kernel, epilogue))), tasks, arguments: { ...values, ...own } };
}

/** The product with an epilogue, a pointwise nest over [...batch, m, n] that is handed the buffers `e0`, `e1`, …. */
function matmulMultiplyThen(epilogue: Nest): KernelFunction {
  const names = epilogue.dtypes.map((_, buffer) => `e${buffer}`);
  return {
    key: `matmul.multiply ${JSON.stringify(epilogue)}`,
    parameters: { ...multiplyParameters, ...Object.fromEntries(names.map((name) => [name, "i32" as const])) },
    body(code, values, module) {
      const p = values as unknown as MultiplyValues & Record<string, Local<"i32">>;
      const bases = names.map((name) => p[name]!);
      multiply(code, p, module, (block) => emitOnBlock(code, epilogue, bases, block));
    },
  };
}
