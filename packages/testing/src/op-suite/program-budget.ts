import { bytesOf, launchesOf, type Program } from "@multiway/tensor/device";

/** What a program costs wherever it runs; times differ from machine to machine, these do not. */
export interface ProgramBudget {
  /** Launches: steps that join others belong to theirs. */
  kernels: number;
  /** Sum over all steps of the sizes of what they read and write, each buffer once a step. */
  bytesRead: number;
  bytesWritten: number;
  /** Scratch memory. */
  arenaBytes: number;
}

export function programBudget(program: Program): ProgramBudget {
  const { kernels, buffers, steps, arenaBytes } = program;
  const budget = { kernels: launchesOf(program).length, bytesRead: 0, bytesWritten: 0, arenaBytes };
  for (const step of steps) {
    kernels[step.kernel]!.buffers.forEach(({ access }, position) => {
      const { dtype, length } = buffers[step.buffers[position]!]!;
      if (access !== "write") budget.bytesRead += length * bytesOf(dtype);
      if (access !== "read") budget.bytesWritten += length * bytesOf(dtype);
    });
  }
  return budget;
}
