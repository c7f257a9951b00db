/**
 * The program of a worker thread. It is bundled into worker-source.ts (`pnpm --filter @multiway/wasm generate`) and, for pages that forbid workers from
 * blobs, into a file of the package.
 */
import { control } from "../device/control.ts";
import type { DeviceMessage, WorkerMessage, WorkerOptions } from "../device/protocol.ts";
import { setRelaxedSimdFlag } from "../device/relaxed-simd-flag.ts";
import { Executor } from "../execution/executor.ts";

interface Port {
  postMessage(message: DeviceMessage, transfer?: ArrayBuffer[]): void;
  listen(handle: (message: WorkerMessage) => void): void;
}

/** The other end is the thread that made this worker, in Node as in pages. */
function openPort(): Port {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  if (threads?.parentPort) {
    const port = threads.parentPort;
    return { postMessage: (message, transfer) => port.postMessage(message, transfer), listen: (handle) => port.on("message", handle) };
  }
  const scope = globalThis as unknown as { postMessage(message: unknown, transfer?: ArrayBuffer[]): void; onmessage: unknown };
  return {
    postMessage: (message, transfer) => scope.postMessage(message, transfer ?? []),
    listen: (handle) => (scope.onmessage = (event: { data: WorkerMessage }) => handle(event.data)),
  };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class Worker {
  readonly #port: Port;
  readonly #memory: WebAssembly.Memory;
  readonly #isFirst: boolean;
  readonly #executor: Executor;

  constructor(port: Port, options: WorkerOptions) {
    this.#port = port;
    this.#isFirst = options.thread === 0;
    this.#memory = options.memory ?? makeMemory(options.initialPages, options.maximumPages);
    this.#executor = new Executor(options.thread, this.#memory);
  }

  handle(message: WorkerMessage): void {
    try {
      this.#dispatch(message);
    } catch (error) {
      this.#tellFailure({ type: "failed", program: -1, step: -1, text: textOf(error) });
    }
    if (this.#isFirst) Atomics.add(new Int32Array(this.#memory.buffer), control.handled, 1);
  }

  #dispatch(message: WorkerMessage): void {
    switch (message.type) {
      case "write":
        return new Uint8Array(this.#memory.buffer).set(message.bytes, message.address);
      case "read": {
        const bytes = new ArrayBuffer(message.numBytes);
        new Uint8Array(bytes).set(new Uint8Array(this.#memory.buffer, message.address, message.numBytes));
        return this.#port.postMessage({ type: "read", id: message.id, bytes }, [bytes]);
      }
      case "synchronize":
        return this.#port.postMessage({ type: "synchronized", id: message.id });
      case "grow":
        this.#memory.grow(message.pages);
        return this.#executor.remap();
      case "load":
        if (this.#isFirst) this.#executor.place(message.program);
        return this.#executor.load(message.program);
      case "unload":
        return this.#executor.unload(message.id);
      case "run": {
        const failure = this.#executor.run(message);
        if (failure) this.#tellFailure({ type: "failed", program: message.id, ...failure });
        return;
      }
      case "start":
        throw new Error("internal: this worker has started already.");
    }
  }

  #tellFailure(message: DeviceMessage): void {
    this.#port.postMessage(message);
    Atomics.add(new Int32Array(this.#memory.buffer), control.failures, 1);
  }
}

/** Unshared memory; engines that cannot reserve 4 GiB get half, and half again. */
function makeMemory(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum });
  } catch (error) {
    if (maximum / 2 < Math.max(initial, 1024)) throw error;
    return makeMemory(initial, maximum / 2);
  }
}

const port = openPort();
let worker: Worker | undefined;
port.listen((message) => {
  if (worker) return worker.handle(message);
  if (message.type !== "start") return;
  try {
    if (message.options.setsRelaxedSimdFlag) setRelaxedSimdFlag();
    worker = new Worker(port, message.options);
    port.postMessage({ type: "ready" });
  } catch (error) {
    port.postMessage({ type: "unavailable", reason: textOf(error) });
  }
});
