import type { Kernel, Program } from "@multiway/tensor/device";

/** A program of one kernel whose buffers, of so many elements, are all handed in. */
export function programOf(kernel: Kernel, lengths: readonly number[]): Program {
  return {
    label: kernel.label,
    kernels: [kernel],
    buffers: kernel.buffers.map(({ dtype }, index) => ({ dtype, length: lengths[index]!, place: { kind: "binding", index } })),
    steps: [{ kernel: 0, buffers: kernel.buffers.map((_, index) => index) }],
    arenaBytes: 0,
    numBindings: kernel.buffers.length,
    numScalars: 0,
  };
}
