import { workerSource } from "../worker/worker-source.ts";
import type { DeviceMessage, WorkerMessage } from "./protocol.ts";
import { relaxedSimdSupport } from "./relaxed-simd.ts";
import { spawnWorker, type WorkerHandle } from "./spawn.ts";

export interface TeamOptions {
  threads: number;
  /** With one thread, too: then the caller's thread reaches it. */
  sharesMemory: boolean;
  relaxedSimd: boolean;
  workerUrl?: string | URL;
}

const initialPages = 16;

/**
 * The worker threads of a device, over one memory.
 *
 * The first does whatever is asked; the others help, and start when it has started. Until then their messages wait, and nobody waits for them.
 */
export class Workers {
  readonly threads: number;
  readonly relaxedSimd: boolean;
  /** Whether the caller's thread, too, can compile relaxed SIMD. */
  readonly relaxedSimdHere: boolean;
  readonly initialPages = initialPages;
  readonly maximumPages: number;
  /** Undefined where it is not shared: then it lives in the only worker. */
  readonly memory: WebAssembly.Memory | undefined;
  onMessage: (message: DeviceMessage) => void = () => {};
  onDeath: (reason: string) => void = () => {};
  readonly #source: string | { url: string | URL };
  readonly #setsFlag: boolean;
  readonly #handles: WorkerHandle[] = [];
  readonly #waiting: { thread: number; message: WorkerMessage; transfer: ArrayBuffer[] | undefined }[] = [];
  #isKeptAlive = false;
  #isClosed = false;

  private constructor({ threads, sharesMemory, relaxedSimd, workerUrl }: TeamOptions) {
    const shared = sharesMemory ? makeSharedMemory() : undefined;
    const support = relaxedSimd ? relaxedSimdSupport() : "no";
    this.threads = threads;
    this.memory = shared?.memory;
    this.maximumPages = shared?.maximumPages ?? 65536;
    this.relaxedSimd = support !== "no";
    this.relaxedSimdHere = support === "yes";
    this.#setsFlag = support === "behind a flag";
    this.#source = workerUrl ? { url: workerUrl } : workerSource;
  }

  /**
   * In Node, where the worker's own source always starts, nothing starts before it is needed: see {@link Workers.wake}.
   *
   * @throws Error with the reason when a worker does not start
   */
  static async start(options: TeamOptions): Promise<Workers> {
    const workers = new Workers(options);
    if (!options.workerUrl && globalThis.process?.getBuiltinModule !== undefined) return workers;
    try {
      await new Promise<void>((resolve, reject) => workers.wake(resolve, reject));
    } catch (error) {
      await workers.close();
      throw error;
    }
    return workers;
  }

  /** Starts the first worker if it has not been started. To be called as soon as there will be work for it: a start takes some 20 ms. */
  wake(started: () => void = () => {}, failed?: (error: Error) => void): void {
    if (this.#handles.length > 0 || this.#isClosed) return;
    this.#spawn(0, () => {
      this.#startHelpers();
      started();
    }, failed);
  }

  #startHelpers(): void {
    if (this.#isClosed) return;
    for (let thread = 1; thread < this.threads; thread++) this.#spawn(thread);
    for (const { thread, message, transfer } of this.#waiting.splice(0)) this.post(thread, message, transfer);
  }

  #spawn(thread: number, started: () => void = () => {}, failed: (error: Error) => void = () => {}): void {
    const die = (reason: string): void => {
      failed(new Error(reason));
      this.onDeath(reason);
    };
    let handle: WorkerHandle;
    try {
      handle = spawnWorker(this.#source, {
        message: (message) => {
          if (message.type === "ready") started();
          else if (message.type === "unavailable") die(message.reason);
          else this.onMessage(message);
        },
        died: die,
      });
    } catch (error) {
      // Node's permissions may forbid threads.
      return die(error instanceof Error ? error.message : String(error));
    }
    this.#handles.push(handle);
    handle.keepAlive(thread === 0 && this.#isKeptAlive);
    const { threads, maximumPages, memory } = this;
    handle.post({ type: "start", options: { thread, threads, initialPages, maximumPages, setsRelaxedSimdFlag: this.#setsFlag, ...(memory && { memory }) } });
  }

  get description(): string {
    const count = this.threads === 1 ? "1 thread" : `${this.threads} threads`;
    return `CPU: WebAssembly SIMD${this.relaxedSimd ? " with relaxed multiply-add" : ""}, ${count}`;
  }

  post(thread: number, message: WorkerMessage, transfer?: ArrayBuffer[]): void {
    if (thread === 0) this.wake();
    const handle = this.#handles[thread];
    if (handle) handle.post(message, transfer);
    else this.#waiting.push({ thread, message, transfer });
  }

  /** Only the first worker answers. */
  keepAlive(alive: boolean): void {
    this.#isKeptAlive = alive;
    this.#handles[0]?.keepAlive(alive);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
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
