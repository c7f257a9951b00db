import type { DType } from "../dtype.ts";
import type { Instruction, Kernel, KernelBuffer, Layout, Store } from "../kernel-ir.ts";
import type { Place } from "../program.ts";

/** A piece of memory: of a value, or of an output that is a copy of one. */
export interface Memory {
  dtype: DType;
  length: number;
  /** Set for everything but scratch memory. */
  place: Place | undefined;
  first: number;
  last: number;
}

/** Equal for an argument and the result that is written over it. */
export const nameOf = (memory: Memory): unknown => (memory.place?.kind === "binding" ? `binding ${memory.place.index} ${memory.dtype}` : memory);

/** The memory of a kernel's buffers, each once. */
export class BufferList {
  readonly memory: Memory[] = [];
  readonly described: KernelBuffer[] = [];

  use(memory: Memory, access: "read" | "write"): number {
    const known = this.memory.indexOf(memory);
    if (known >= 0) {
      if (this.described[known]!.access !== access) this.described[known] = { dtype: memory.dtype, access: "readwrite" };
      return known;
    }
    this.described.push({ dtype: memory.dtype, access });
    return this.memory.push(memory) - 1;
  }
}

/** Joins two buffers of a kernel that turned out to be the same memory: an output written over its donated input. */
export function mergeBuffers(kernel: Kernel, bound: number[]): { kernel: Kernel; bound: number[] } {
  const unique = [...new Set(bound)];
  if (unique.length === bound.length) return { kernel, bound };
  const renumber = bound.map((buffer) => unique.indexOf(buffer));
  const buffers: KernelBuffer[] = unique.map((buffer) => {
    const users = kernel.buffers.filter((_, position) => bound[position] === buffer);
    return { dtype: users[0]!.dtype, access: users.every(({ access }) => access === users[0]!.access) ? users[0]!.access : "readwrite" };
  });
  const reload = (instruction: Instruction): Instruction =>
    instruction.op === "load" ? { ...instruction, access: { ...instruction.access, buffer: renumber[instruction.access.buffer]! } } : instruction;
  const restore = (store: Store): Store => ({ ...store, access: { ...store.access, buffer: renumber[store.access.buffer]! } });
  if (kernel.kind === "op") {
    const relabel = (layout: Layout): Layout => ({ ...layout, buffer: renumber[layout.buffer]! });
    const epilogue = kernel.epilogue && { body: kernel.epilogue.body.map(reload), stores: kernel.epilogue.stores.map(restore) };
    return { kernel: { ...kernel, buffers, inputs: kernel.inputs.map(relabel), outputs: kernel.outputs.map(relabel), ...(epilogue && { epilogue }) }, bound: unique };
  }
  return {
    kernel: {
      ...kernel,
      buffers,
      ...(kernel.reduction ? { reduction: { ...kernel.reduction, body: kernel.reduction.body.map(reload) } } : {}),
      body: kernel.body.map(reload),
      stores: kernel.stores.map(restore),
    },
    bound: unique,
  };
}
