import type { OpKernel } from "@multiway/tensor/device";
import { demand } from "./fault.ts";
import { kernelOps } from "./kernels/index.ts";
import type { Elements } from "./storage.ts";
import { View } from "./view.ts";

/** How many inputs and outputs each op has; attention checks its own. */
const arity: Readonly<Record<string, readonly [inputs: number, outputs: number]>> = {
  matmul: [2, 1],
  layerNorm: [3, 3],
  layerNormBackward: [5, 1],
  gather: [2, 1],
  scatterAdd: [2, 1],
  crossEntropy: [2, 2],
  crossEntropyBackward: [4, 1],
  sort: [1, 2],
  cumulativeSum: [1, 1],
  packHalf: [1, 1],
};

/** Checks what does not depend on a run, and returns the op as a function of the kernel's buffers. */
export function compileOp(kernel: OpKernel): (buffers: readonly Elements[]) => void {
  const { op, inputs, outputs, buffers, attributes } = kernel;
  demand(Object.hasOwn(kernelOps, op), `there is no op "${op}".`);
  const counts = arity[op] ?? [inputs.length, outputs.length];
  demand(inputs.length === counts[0] && outputs.length === counts[1], `there are ${inputs.length} inputs and ${outputs.length} outputs; expected ${counts[0]} and ${counts[1]}.`);
  for (const [isOutput, layouts] of [[false, inputs], [true, outputs]] as const) {
    layouts.forEach((layout, position) => {
      const name = `${isOutput ? "output" : "input"} ${position}`;
      const buffer = buffers[layout.buffer];
      demand(buffer !== undefined, `${name} is in buffer ${layout.buffer}; the kernel has ${buffers.length}.`);
      demand(buffer.dtype === layout.dtype, `${name} is ${layout.dtype} and its buffer ${buffer.dtype}.`);
      demand(buffer.access !== (isOutput ? "read" : "write"), `${name} is in a buffer with access "${buffer.access}".`);
      demand(layout.strides.length === layout.shape.length, `${name} has ${layout.shape.length} axes and ${layout.strides.length} strides.`);
      if (isOutput) demand(isContiguous(layout.shape, layout.strides) && layout.offset === 0, `${name} is not contiguous from offset 0.`);
    });
  }
  const run = kernelOps[op as keyof typeof kernelOps];
  return (elements) => {
    const view = (kind: string) => (layout: OpKernel["inputs"][number], position: number) => new View(layout, elements[layout.buffer]!, `${kind} ${position}`);
    run({ inputs: inputs.map(view("input")), outputs: outputs.map(view("output")), attributes });
  };
}

/** Strides along axes of extent 1 do not matter, and nothing matters in an empty tensor. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}
