import type { DeviceMessage, WorkerMessage } from "./protocol.ts";

/** A worker thread, in Node as in pages. */
export interface WorkerHandle {
  post(message: WorkerMessage, transfer?: ArrayBuffer[]): void;
  /** Whether a pending answer of this worker keeps a Node process alive. */
  keepAlive(alive: boolean): void;
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  message(message: DeviceMessage): void;
  /** The worker is gone, and nobody asked for it. */
  died(reason: string): void;
}

/** Starts a worker from a source text, or from a file where one is named. */
export function spawnWorker(source: string | { url: string | URL }, events: WorkerEvents): WorkerHandle {
  const threads = globalThis.process?.getBuiltinModule?.("node:worker_threads");
  return threads ? spawnInNode(threads, source, events) : spawnInPage(source, events);
}

type WorkerThreads = typeof import("node:worker_threads");

function spawnInNode(threads: WorkerThreads, source: string | { url: string | URL }, events: WorkerEvents): WorkerHandle {
  const worker =
    typeof source === "string"
      ? // Arguments of the process, as loaders and inspectors, are none of the worker's business.
        new threads.Worker(source, { eval: true, execArgv: [], name: "multiway" })
      : new threads.Worker(new URL(source.url), { execArgv: [], name: "multiway" });
  let closing = false;
  worker.on("message", (message: DeviceMessage) => events.message(message));
  worker.on("error", (error: Error) => events.died(error.message));
  worker.on("exit", (code) => {
    if (!closing) events.died(`worker thread exited with code ${code}`);
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
    async terminate() {
      closing = true;
      await worker.terminate();
    },
  };
}

function spawnInPage(source: string | { url: string | URL }, events: WorkerEvents): WorkerHandle {
  const blobUrl = typeof source === "string" ? URL.createObjectURL(new Blob([source], { type: "text/javascript" })) : undefined;
  const worker = blobUrl ? new Worker(blobUrl, { name: "multiway" }) : new Worker((source as { url: string | URL }).url, { name: "multiway", type: "module" });
  worker.onmessage = (event: MessageEvent<DeviceMessage>) => {
    if (blobUrl) URL.revokeObjectURL(blobUrl);
    events.message(event.data);
  };
  worker.onerror = (event) => events.died(event.message || "the worker's script could not be loaded");
  return {
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    keepAlive() {},
    async terminate() {
      worker.terminate();
    },
  };
}
