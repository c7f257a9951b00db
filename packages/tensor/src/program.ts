import type { DType, HostArray } from "./dtype.ts";
import type { Kernel } from "./kernel-ir.ts";

/** Where a program's buffer lives while it runs. */
export type Place =
  /** Handed in with each run: an argument or a result. */
  | { kind: "binding"; index: number }
  /** In the program's scratch memory, at a byte offset that is a multiple of the device's alignment. Places overlap when lifetimes do not. */
  | { kind: "arena"; offsetBytes: number }
  /** Uploaded once with the program. */
  | { kind: "constant"; data: HostArray }
  /** The words handed in with each run: numbers and random keys among the arguments. Each buffer of this kind is the whole word array, seen as f32 or u32. */
  | { kind: "scalars" };

export interface ProgramBuffer {
  dtype: DType;
  /** In elements. */
  length: number;
  place: Place;
}

/** One kernel. `buffers[i]` is the program buffer bound to the kernel's buffer `i`, of the same dtype. */
export interface Step {
  kernel: number;
  buffers: readonly number[];
  /**
   * True for a step that may run at the same time as the one before it, and as all that that one may run together with: they are loops of one
   * form ({@link loopForm}), and none writes what another touches.
   */
  joins?: true;
  /** The ops that the step computes, while call sites are recorded. */
  ops?: readonly StepOp[];
}

/** One op of a step, for people. */
export interface StepOp {
  name: string;
  shape: readonly number[];
  dtype: DType;
  /** `file:line:column` of the call; for a gradient, of the op that it belongs to. */
  site: string;
}

/**
 * What a device runs: a straight list of kernels over planned buffers, in an order in which each step may rely on all before it, but for those that it joins.
 *
 * A program is plain data. It goes to the device once ({@link DeviceBackend.load}) and is then replayed by number.
 */
export interface Program {
  label: string;
  /** Distinct kernels; steps refer to them by position. */
  kernels: readonly Kernel[];
  buffers: readonly ProgramBuffer[];
  steps: readonly Step[];
  /** Scratch memory that the arena places need. */
  arenaBytes: number;
  /** How many buffers each run is handed. */
  numBindings: number;
  /** How many 32-bit words each run is handed. */
  numScalars: number;
}

/** The steps of a program in launches: each with those that join it. */
export function launchesOf({ steps }: Program): Step[][] {
  const launches: Step[][] = [];
  for (const step of steps) {
    if (step.joins) launches.at(-1)!.push(step);
    else launches.push([step]);
  }
  return launches;
}
