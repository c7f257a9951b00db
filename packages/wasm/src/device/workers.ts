import { workerSource } from "../worker/worker-source.ts";
import type { DeviceMessage, WorkerMessage } from "./protocol.ts";
import { relaxedSimdSupport } from "./relaxed-simd.ts";
import { spawnWorker, type WorkerHandle } from "./spawn.ts";

export interface TeamOptions {
  threads: number;
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
  readonly #started: Promise<void>;
  #isClosed = false;

  private constructor({ threads, relaxedSimd, workerUrl }: TeamOptions) {
    this.#source = workerUrl ? { url: workerUrl } : workerSource;
    // First of all, since a thread takes its time to start.
    this.#started = new Promise((resolve, reject) => this.#spawn(resolve, reject));
    const shared = threads > 1 ? makeSharedMemory() : undefined;
    const support = relaxedSimd ? relaxedSimdSupport() : "no";
    this.threads = threads;
    this.memory = shared?.memory;
    this.maximumPages = shared?.maximumPages ?? 65536;
    this.relaxedSimd = support !== "no";
    this.#setsFlag = support === "behind a flag";
    this.#introduce(0);
  }

  /**
   * Does not wait for the worker in Node, where its own source always starts: work that is sent meanwhile is planned while it does.
   *
   * @throws Error with the reason when a worker does not start
   */
  static async start(options: TeamOptions): Promise<Workers> {
    const workers = new Workers(options);
    workers.#started.then(
      () => workers.#startHelpers(),
      () => {},
    );
    if (options.workerUrl || !globalThis.process?.getBuiltinModule) {
      try {
        await workers.#started;
      } catch (error) {
        await workers.close();
        throw error;
      }
    }
    return workers;
  }

  #spawn(started: () => void = () => {}, failed: (error: Error) => void = () => {}): void {
    const die = (reason: string): void => {
      failed(new Error(reason));
      this.onDeath(reason);
    };
    const handle = spawnWorker(this.#source, {
      message: (message) => {
        if (message.type === "ready") started();
        else if (message.type === "unavailable") die(message.reason);
        else this.onMessage(message);
      },
      died: die,
    });
    this.#handles.push(handle);
    handle.keepAlive(false);
  }

  /** A worker's first message. */
  #introduce(thread: number): void {
    const { threads, maximumPages, memory } = this;
    this.post(thread, { type: "start", options: { thread, threads, initialPages, maximumPages, setsRelaxedSimdFlag: this.#setsFlag, ...(memory && { memory }) } });
  }

  #startHelpers(): void {
    if (this.#isClosed) return;
    for (let thread = 1; thread < this.threads; thread++) {
      this.#spawn();
      this.#introduce(thread);
    }
    for (const { thread, message, transfer } of this.#waiting.splice(0)) this.post(thread, message, transfer);
  }

  get description(): string {
    const count = this.threads === 1 ? "1 thread" : `${this.threads} threads`;
    return `CPU: WebAssembly SIMD${this.relaxedSimd ? " with relaxed multiply-add" : ""}, ${count}`;
  }

  post(thread: number, message: WorkerMessage, transfer?: ArrayBuffer[]): void {
    const handle = this.#handles[thread];
    if (handle) handle.post(message, transfer);
    else this.#waiting.push({ thread, message, transfer });
  }

  /** Only the first worker answers. */
  keepAlive(alive: boolean): void {
    this.#handles[0]!.keepAlive(alive);
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
