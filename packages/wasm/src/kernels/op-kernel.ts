import type { DType, KernelBuffer, Layout, OpKernel } from "@multiway/tensor/device";

/** For tests and benchmarks: strides of a dense row-major tensor. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

export interface Operand {
  shape: readonly number[];
  strides?: readonly number[];
  offset?: number;
  dtype?: DType;
}

/** For tests and benchmarks: an op whose operands lie in one buffer each, inputs before outputs. */
export function opKernel(op: string, inputs: readonly Operand[], outputs: readonly Operand[], attributes: OpKernel["attributes"] = {}): OpKernel {
  const layout = ({ shape, strides = denseStrides(shape), offset = 0, dtype = "f32" }: Operand, buffer: number): Layout => ({ buffer, dtype, shape, strides, offset });
  const buffers = [
    ...inputs.map(({ dtype = "f32" }): KernelBuffer => ({ dtype, access: "read" })),
    ...outputs.map(({ dtype = "f32" }): KernelBuffer => ({ dtype, access: "write" })),
  ];
  return {
    kind: "op", op, label: op, buffers, attributes,
    inputs: inputs.map(layout),
    outputs: outputs.map((output, index) => layout(output, inputs.length + index)),
  };
}
