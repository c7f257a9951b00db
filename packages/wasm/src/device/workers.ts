import { workerSource } from "../worker/worker-source.ts";
import type { DeviceMessage, WorkerMessage } from "./protocol.ts";
import { enableRelaxedSimd } from "./relaxed-simd.ts";
import { spawnWorker, type WorkerHandle } from "./spawn.ts";

export interface TeamOptions {
  threads: number;
  relaxedSimd: boolean;
  workerUrl?: string | URL;
}

const initialPages = 16;

/** The worker threads of a device, all started, over one memory. */
export class Workers {
  readonly threads: number;
  readonly relaxedSimd: boolean;
  readonly initialPages = initialPages;
  readonly maximumPages: number;
  /** Undefined where it is not shared: then it lives in the only worker. */
  readonly memory: WebAssembly.Memory | undefined;
  onMessage: (message: DeviceMessage) => void = () => {};
  onDeath: (reason: string) => void = () => {};
  readonly #handles: readonly WorkerHandle[];

  private constructor(handles: readonly WorkerHandle[], memory: WebAssembly.Memory | undefined, maximumPages: number, relaxedSimd: boolean) {
    this.#handles = handles;
    this.threads = handles.length;
    this.memory = memory;
    this.maximumPages = maximumPages;
    this.relaxedSimd = relaxedSimd;
  }

  /** @throws Error with the reason when a worker does not start */
  static async start({ threads, relaxedSimd, workerUrl }: TeamOptions): Promise<Workers> {
    const shared = threads > 1 ? makeSharedMemory() : undefined;
    const maximumPages = shared?.maximumPages ?? 65536;
    let workers: Workers | undefined;
    const handles: WorkerHandle[] = [];
    const started: Promise<void>[] = [];
    for (let thread = 0; thread < threads; thread++) {
      started.push(
        new Promise((resolve, reject) => {
          const handle = spawnWorker(workerUrl ? { url: workerUrl } : workerSource, {
            message(message) {
              if (message.type === "ready") resolve();
              else if (message.type === "unavailable") reject(new Error(message.reason));
              else workers?.onMessage(message);
            },
            died(reason) {
              reject(new Error(reason));
              workers?.onDeath(reason);
            },
          });
          handles.push(handle);
          handle.post({ type: "start", options: { thread, threads, initialPages, maximumPages, ...(shared && { memory: shared.memory }) } });
        }),
      );
    }
    try {
      await Promise.all(started);
      for (const handle of handles) handle.keepAlive(false);
      workers = new Workers(handles, shared?.memory, maximumPages, relaxedSimd && enableRelaxedSimd());
      return workers;
    } catch (error) {
      await Promise.all(handles.map((handle) => handle.terminate()));
      throw error;
    }
  }

  get description(): string {
    const count = this.threads === 1 ? "1 thread" : `${this.threads} threads`;
    return `CPU: WebAssembly SIMD${this.relaxedSimd ? " with relaxed multiply-add" : ""}, ${count}`;
  }

  post(thread: number, message: WorkerMessage, transfer?: ArrayBuffer[]): void {
    this.#handles[thread]!.post(message, transfer);
  }

  /** Only the first worker answers. */
  keepAlive(alive: boolean): void {
    this.#handles[0]!.keepAlive(alive);
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.terminate()));
  }
}

/** Engines that cannot reserve 4 GiB of addresses get half, and half again. */
function makeSharedMemory(maximumPages = 65536): { memory: WebAssembly.Memory; maximumPages: number } {
  try {
    return { memory: new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared: true }), maximumPages };
  } catch (error) {
    if (maximumPages <= 2048) throw error;
    return makeSharedMemory(maximumPages / 2);
  }
}
