import type { CallName, Calls, FromWorker, ToWorker } from "../worker/protocol.ts";

interface Pending {
  resolve: (output: never) => void;
  reject: (error: Error) => void;
  onProgress: ((progress: never) => void) | undefined;
}

export interface CallOptions<K extends CallName> {
  signal?: AbortSignal;
  onProgress?: (progress: Calls[K]["progress"]) => void;
}

/** The worker with the model in it, as the page sees it. */
export class ModelClient {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  /** Is told when the device has gone. */
  onLost: (reason: string) => void = () => {};

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "The model's script could not be loaded. Reload the page."));
  }

  /** @throws Error with the worker's message; the signal's reason when it is aborted */
  call<K extends CallName>(call: K, input: Calls[K]["input"], { signal, onProgress }: CallOptions<K> = {}): Promise<Calls[K]["output"]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener("abort", () => {
        this.#send({ id, abort: true });
        reject(signal.reason as Error);
        this.#pending.delete(id);
      }, { once: true });
      this.#pending.set(id, { resolve, reject, onProgress });
      this.#send({ id, call, input } as ToWorker);
    });
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if ("lost" in message) return this.onLost(message.lost);
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ("progress" in message) return pending.onProgress?.(message.progress as never);
    this.#pending.delete(message.id);
    if ("output" in message) pending.resolve(message.output as never);
    else pending.reject(Object.assign(new Error(message.error.message), { name: message.error.name }));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

export const startModel = (): ModelClient => new ModelClient(new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module", name: "model" }));
