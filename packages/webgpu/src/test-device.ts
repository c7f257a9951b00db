import type { DeviceBackend, HostArray, Kernel, KernelBuffer, LoopKernel, OpKernel } from "@multiway/tensor/device";
import { programOf } from "./device/program-of-one.ts";
import type { WebGPUOptions } from "./device/open.ts";
import { webgpu } from "./webgpu.ts";

export { programOf };

/** Opens the adapter that tests run on: a software one counts. */
export async function openForTest(options: WebGPUOptions = {}): Promise<DeviceBackend> {
  const device = await webgpu({ allowSoftware: true, ...options }).open();
  if ("unavailable" in device) throw new Error(`tests need a WebGPU adapter: ${device.unavailable}`);
  return device;
}

const dtypeOf = (data: HostArray): KernelBuffer["dtype"] => (data instanceof Uint16Array ? "f16" : data instanceof Int32Array ? "i32" : data instanceof Uint32Array ? "u32" : "f32");

/** Runs one kernel over host arrays and returns what its written buffers hold; inputs are given as data, outputs as a length. */
export async function runKernel(device: DeviceBackend, kernel: Kernel, contents: readonly (HostArray | number)[]): Promise<HostArray[]> {
  const lengths = contents.map((content) => (typeof content === "number" ? content : content.length));
  const buffers = kernel.buffers.map(({ dtype }, index) => device.allocate(dtype, lengths[index]!));
  contents.forEach((content, index) => typeof content !== "number" && device.write(buffers[index]!, content));
  const program = device.load(programOf(kernel, lengths));
  device.run(program, buffers, new Uint32Array(0));
  const results = await Promise.all(buffers.filter((_, index) => kernel.buffers[index]!.access !== "read").map((buffer) => device.read(buffer)));
  device.unload(program);
  for (const buffer of buffers) device.free(buffer);
  return results;
}

/** An op kernel over contiguous tensors, inputs first. */
export function opKernel(op: string, attributes: OpKernel["attributes"], inputs: readonly { data: HostArray; shape: readonly number[]; dtype?: KernelBuffer["dtype"] }[], outputs: readonly { shape: readonly number[]; dtype?: KernelBuffer["dtype"] }[]): OpKernel {
  const contiguous = (shape: readonly number[]): number[] => shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const all = [...inputs.map(({ shape, dtype, data }) => ({ shape, dtype: dtype ?? dtypeOf(data) })), ...outputs.map(({ shape, dtype }) => ({ shape, dtype: dtype ?? ("f32" as const) }))];
  const layouts = all.map(({ shape, dtype }, buffer) => ({ buffer, dtype, shape, strides: contiguous(shape), offset: 0 }));
  return {
    kind: "op",
    op,
    label: `${op} ${all.map(({ shape }) => `[${shape.join(",")}]`).join(" ")}`,
    buffers: all.map(({ dtype }, index) => ({ dtype, access: index < inputs.length ? "read" : "write" })),
    attributes,
    inputs: layouts.slice(0, inputs.length),
    outputs: layouts.slice(inputs.length),
  };
}

/** Small reproducible numbers in [−1, 1). */
export function numbers(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  });
}

/** y = 2x + 1 over `length` elements. */
export const affine = (length: number): LoopKernel => ({
  kind: "loop",
  label: `affine [${length}]`,
  buffers: [
    { dtype: "f32", access: "read" },
    { dtype: "f32", access: "write" },
  ],
  extents: [length],
  body: [
    { op: "load", type: "f32", access: { buffer: 0, offset: 0, strides: [1] } },
    { op: "constant", type: "f32", value: 2 },
    { op: "multiply", type: "f32", x: 0, y: 1 },
    { op: "constant", type: "f32", value: 1 },
    { op: "add", type: "f32", x: 2, y: 3 },
  ],
  stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: 4 }],
});
