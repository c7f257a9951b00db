import type { DeviceBackend } from "@multiway/tensor/device";
import type { WasmOptions } from "../wasm.ts";
import { WasmDevice } from "./device.ts";
import { hasSimd } from "./relaxed-simd.ts";
import { Workers } from "./workers.ts";

/** @param threads undefined leaves their number to the machine */
export async function openWasm(threads: number | undefined, options: WasmOptions): Promise<DeviceBackend | { unavailable: string }> {
  if (!hasSimd()) return { unavailable: "wasm: this engine has no WebAssembly SIMD." };
  const sharesMemory = mayShareMemory();
  try {
    const workers = await Workers.start({
      threads: sharesMemory ? (threads ?? Math.min(numCores(), 8)) : 1,
      sharesMemory,
      relaxedSimd: options.relaxedSimd ?? true,
      ...(options.workerUrl !== undefined && { workerUrl: options.workerUrl }),
    });
    // A page that has the worker in a file allows WebAssembly there, and perhaps nowhere else.
    const runsSmallHere = options.inline ?? options.workerUrl === undefined;
    const { memory } = workers;
    return new WasmDevice(workers, memory && runsSmallHere ? async () => new (await import("./small-programs.ts")).SmallPrograms(memory) : undefined);
  } catch (error) {
    return { unavailable: `wasm: a worker did not start: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function mayShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  // Node has no such word, and no such rule.
  return globalThis.crossOriginIsolated ?? true;
}

function numCores(): number {
  return globalThis.process?.getBuiltinModule?.("node:os")?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
