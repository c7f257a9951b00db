import { bytesOf, type Program } from "@multiway/tensor/device";

/** What a program costs wherever it runs; times differ from machine to machine, these do not. */
export interface ProgramBudget {
  /** Launches. */
  kernels: number;
  /** Sum over all launches of the sizes of what they read and write, each buffer once a launch. */
  bytesRead: number;
  bytesWritten: number;
  /** Scratch memory. */
  arenaBytes: number;
}

export function programBudget({ kernels, buffers, steps, arenaBytes }: Program): ProgramBudget {
  const budget = { kernels: steps.length, bytesRead: 0, bytesWritten: 0, arenaBytes };
  for (const step of steps) {
    kernels[step.kernel]!.buffers.forEach(({ access }, position) => {
      const { dtype, length } = buffers[step.buffers[position]!]!;
      if (access !== "write") budget.bytesRead += length * bytesOf(dtype);
      if (access !== "read") budget.bytesWritten += length * bytesOf(dtype);
    });
  }
  return budget;
}
