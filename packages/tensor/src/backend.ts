import type { DType, HostArray } from "./dtype.ts";
import type { Kernel } from "./kernel-ir.ts";
import type { Program } from "./program.ts";

/** A piece of device memory. The object is only a name: memory is reached through the device. */
export interface DeviceBuffer {
  readonly id: number;
  readonly dtype: DType;
  /** In elements. */
  readonly length: number;
}

/** A program that a device has taken. */
export interface LoadedProgram {
  readonly id: number;
}

/** Figures that tests and profiles read. All but `liveBytes` and `liveBuffers` only grow. */
export interface DeviceCounters {
  /** Kernels launched; those that run together count once. */
  dispatches: number;
  /** Pipelines or functions compiled. */
  pipelines: number;
  /** Memory blocks newly taken from the system; a block that is reused does not count. */
  allocations: number;
  /** Programs loaded. */
  programs: number;
  /** Bytes in buffers that are handed out now. */
  liveBytes: number;
  /** Buffers that are handed out now. */
  liveBuffers: number;
}

export interface DeviceLimits {
  /** How many buffers one kernel may touch. */
  maxBuffersPerKernel: number;
  /** Largest buffer or slice of one that a kernel may touch, in bytes. */
  maxBindingBytes: number;
  /** Arena offsets are multiples of this, in bytes. */
  offsetAlignment: number;
}

/** How a device runs a kernel, for people. */
export interface KernelExplanation {
  /** Its strategy: `matmulTiled`, or `loop` for generated ones. */
  chosen: string;
  /** Strategies that came before it and refused the kernel. */
  refused: readonly string[];
  /** What is compiled: WGSL for each dispatch, or a WebAssembly module in its binary form, whose functions are exported as `f0`, `f1`, …. */
  source: string | Uint8Array<ArrayBuffer>;
}

/**
 * What a device does. Calls return at once and take effect in the order in which they were made; only reads wait.
 *
 * A call after {@link DeviceBackend.close}, or on a lost device, throws or rejects with `DeviceLostError`. A kernel that a device cannot build
 * or run rejects the next read or {@link DeviceBackend.synchronize} with `KernelError`.
 */
export interface DeviceBackend {
  /** `wasm`, `webgpu` or `reference`. */
  readonly name: string;
  /** For people: adapter, threads, features. */
  readonly description: string;
  readonly limits: DeviceLimits;
  /** False on a device that wants one kernel per op, so that it can serve as a referee for fusion. */
  readonly fuses: boolean;
  readonly counters: Readonly<DeviceCounters>;

  /** Uninitialised memory for `length` elements; 0 is allowed. */
  allocate(dtype: DType, length: number): DeviceBuffer;
  /**
   * Fills a buffer, or a part of it from the element `offset` on, and leaves the rest. The data is copied before the call returns. f16 is given as raw bits, bool as 0 and 1.
   *
   * @param offset  a multiple of four bytes: of f16 an even number. Default 0
   */
  write(buffer: DeviceBuffer, data: HostArray, offset?: number): void;
  /** All elements, or `length` of them from `offset`, after all that was asked for before this call. */
  read(buffer: DeviceBuffer, offset?: number, length?: number): Promise<HostArray>;
  /** Gives memory back for reuse. Work that was asked for earlier still finds it intact. */
  free(buffer: DeviceBuffer): void;

  load(program: Program): LoadedProgram;
  /**
   * Replays a program. `bindings` in the order of the program's binding indices; one buffer may serve two bindings,
   * but a kernel never writes one and touches the other: in place is one binding with access `readwrite`. `scalars` holds raw bits and is copied.
   */
  run(program: LoadedProgram, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void;
  unload(program: LoadedProgram): void;
  /** Undefined on a device that writes no code. Rejects with what {@link DeviceBackend.load} would report. */
  explain?(kernel: Kernel): Promise<KernelExplanation>;
  /** Milliseconds, on the device's own clock, of what `work` asks it to run, when that is done. Undefined where it has no such clock. One at a time. */
  readonly elapsed?: ((work: () => void) => Promise<number>) | undefined;

  /** Resolves when all that was asked for is done; rejects with the first failure since the last call. */
  synchronize(): Promise<void>;
  /** Resolves, never rejects, when the device is gone: with the reason, or with undefined after {@link DeviceBackend.close}. */
  readonly lost: Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opens a device, or says why there is none here. */
export interface DeviceFactory {
  readonly name: string;
  open(): Promise<DeviceBackend | { unavailable: string }>;
}
