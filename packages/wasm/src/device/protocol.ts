/** What the main thread and the workers say to each other. */

/** Given to a worker when it starts. */
export interface WorkerOptions {
  thread: number;
  threads: number;
  /** Left out, the worker makes a memory of its own; then there is one worker. */
  memory?: WebAssembly.Memory;
  initialPages: number;
  maximumPages: number;
  /** Relaxed SIMD is wanted, and behind a flag. */
  setsRelaxedSimdFlag: boolean;
}

/** A program as workers see it. */
export interface WorkerProgram {
  id: number;
  /** New functions, exported as `f0`, `f1`, …, that are numbered from `firstFunction`. */
  module?: Uint8Array<ArrayBuffer>;
  firstFunction: number;
  numFunctions: number;
  /** Four words each: first step, number of steps, tickets, tasks per ticket. The tasks of a phase are those of its steps, one after another. */
  phases: Int32Array;
  /** Three words each: function, address of its arguments, and the tasks of the phase up to its last. */
  steps: Int32Array;
  /** Arguments of all steps as they start out, at `argumentsAddress`; empty when they are there already. For the first worker, as is what follows. */
  arguments: Int32Array;
  argumentsAddress: number;
  /** Three words each: which argument word, which binding, bytes to add. */
  bindingPatches: Int32Array;
  /** Two words each: which argument word, offset in the arena; likewise in the workspace. */
  arenaPatches: Int32Array;
  workspacePatches: Int32Array;
  constants: { address: number; bytes: Uint8Array<ArrayBuffer> }[];
  scalarsAddress: number;
}

/** Memory that programs share, because they run one after another. */
export interface SharedRegions {
  arenaAddress: number;
  workspaceAddress: number;
  /** Scratch of thread 0; that of thread i is i · scratchBytes behind it. */
  scratchAddress: number;
  scratchBytes: number;
}

export type WorkerMessage =
  | { type: "start"; options: WorkerOptions }
  | { type: "grow"; pages: number }
  | { type: "write"; address: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: "read"; id: number; address: number; numBytes: number }
  | { type: "synchronize"; id: number }
  | { type: "load"; program: WorkerProgram }
  | { type: "unload"; id: number }
  | ({ type: "run" } & RunMessage);

export interface RunMessage {
  id: number;
  regions: SharedRegions;
  /** They are not those of this program's last run. */
  regionsAreNew: boolean;
  bindings: Int32Array;
  scalars: Uint32Array;
  /** Left out, one thread runs alone. */
  tickets?: { firstTicket: number; firstPhase: number };
}

export type DeviceMessage =
  | { type: "ready" }
  | { type: "unavailable"; reason: string }
  | { type: "read"; id: number; bytes: ArrayBuffer }
  | { type: "synchronized"; id: number }
  /** `program` and `step` are −1 where they mean nothing. */
  | { type: "failed"; program: number; step: number; text: string };
