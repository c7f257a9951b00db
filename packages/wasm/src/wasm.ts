import { OptionError } from "@multiway/errors";
import type { DeviceFactory } from "@multiway/tensor/device";

export interface WasmOptions {
  /**
   * How many threads compute. Default: `MULTIWAY_THREADS` in Node's environment, else the number of cores, at most 8. Pages that are not cross-origin
   * isolated get one whatever is asked. Results have the same bits for every number.
   */
  threads?: number;
  /** Use relaxed SIMD (fused multiply-add) where the engine has it. Default true. Results with and without differ in their last bits. */
  relaxedSimd?: boolean;
  /**
   * Run programs of some 0.1 ms in the calling thread while the workers have nothing to do, which takes less time than to hand them over. Default true, but false with `workerUrl`. Results have the same bits
   * either way. Needs shared memory.
   */
  inline?: boolean;
  /** Where the file `@multiway/wasm/worker` is served, for pages whose Content Security Policy forbids workers from blobs. Default: the worker's inlined source. */
  workerUrl?: string | URL;
}

/**
 * The CPU device: WebAssembly SIMD in worker threads that share one memory.
 *
 * @throws OptionError when `threads` is not a whole number from 1 to 64
 */
export function wasm(options: WasmOptions = {}): DeviceFactory {
  const threads = options.threads ?? environmentThreads();
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 64)) {
    throw new OptionError(`wasm: ${threads} threads are asked for; a whole number from 1 to 64 is accepted.`, { details: { threads } });
  }
  return {
    name: "wasm",
    async open() {
      // A page that may take one of several devices loads the one that it gets.
      const { openWasm } = await import("./device/index.ts");
      return openWasm(threads, options);
    },
  };
}

function environmentThreads(): number | undefined {
  const text = globalThis.process?.env?.MULTIWAY_THREADS;
  return text === undefined || text === "" ? undefined : Number(text);
}
