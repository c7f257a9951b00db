/**
 * The program of a worker thread. It is bundled into worker-source.ts (`pnpm --filter @multiway/wasm generate`) and, for pages that forbid workers from
 * blobs, into a file of the package.
 */
import { control } from "../device/control.ts";
import type { DeviceMessage, SharedRegions, WorkerMessage, WorkerOptions, WorkerProgram } from "../device/protocol.ts";
import { setRelaxedSimdFlag } from "../device/relaxed-simd-flag.ts";
import { Team, type KernelCall } from "./team.ts";

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
  readonly #functions: (KernelCall | undefined)[] = [];
  readonly #programs = new Map<number, WorkerProgram>();
  /** Where the arena and the workspace were when a program's arguments were last filled in. */
  readonly #patchedFor = new Map<number, string>();
  readonly #team: Team;

  constructor(port: Port, options: WorkerOptions) {
    this.#port = port;
    this.#isFirst = options.thread === 0;
    this.#memory = options.memory ?? makeMemory(options.initialPages, options.maximumPages);
    this.#team = new Team(options.thread, this.#functions, this.#memory);
  }

  handle(message: WorkerMessage): void {
    try {
      this.#dispatch(message);
    } catch (error) {
      this.#port.postMessage({ type: "failed", program: -1, step: -1, text: textOf(error) });
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
        return this.#team.remap(this.#memory);
      case "load":
        return this.#load(message.program);
      case "unload":
        this.#programs.delete(message.id);
        this.#patchedFor.delete(message.id);
        return;
      case "run":
        return this.#run(message);
      case "start":
        throw new Error("internal: this worker has started already.");
    }
  }

  #load(program: WorkerProgram): void {
    this.#programs.set(program.id, program);
    if (this.#isFirst) {
      new Int32Array(this.#memory.buffer).set(program.arguments, program.argumentsAddress / 4);
      const memory = new Uint8Array(this.#memory.buffer);
      for (const { address, bytes } of program.constants) memory.set(bytes, address);
    }
    program.constants = [];
    if (!program.module) return;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(program.module), { device: { memory: this.#memory } });
    for (let index = 0; index < program.numFunctions; index++) this.#functions[program.firstFunction + index] = exports[`f${index}`] as KernelCall;
    delete program.module;
  }

  #run(message: WorkerMessage & { type: "run" }): void {
    const program = this.#programs.get(message.id);
    if (!program) throw new Error(`internal: program ${message.id} is not loaded.`);
    if (this.#isFirst) this.#fillIn(program, message.regions, message.bindings, message.scalars);
    if (!message.tickets) this.#team.runAlone(program, message.regions);
    else this.#team.runShared(program, message.regions, message.tickets.firstTicket, message.tickets.firstPhase);
    if (!this.#isFirst) return;
    const failure = this.#team.takeFailure();
    if (failure) this.#port.postMessage({ type: "failed", program: program.id, ...failure });
  }

  /** Writes the addresses and scalars of this run among the arguments of its steps. */
  #fillIn(program: WorkerProgram, regions: SharedRegions, bindings: Int32Array, scalars: Uint32Array): void {
    const words = new Int32Array(this.#memory.buffer);
    const base = program.argumentsAddress / 4;
    const { bindingPatches, arenaPatches, workspacePatches } = program;
    for (let patch = 0; patch < bindingPatches.length; patch += 3) {
      words[base + bindingPatches[patch]!] = (bindings[bindingPatches[patch + 1]!]! + bindingPatches[patch + 2]!) | 0;
    }
    if (scalars.length > 0) words.set(scalars, program.scalarsAddress / 4);
    const key = `${regions.arenaAddress} ${regions.workspaceAddress}`;
    if (this.#patchedFor.get(program.id) === key) return;
    this.#patchedFor.set(program.id, key);
    for (let patch = 0; patch < arenaPatches.length; patch += 2) words[base + arenaPatches[patch]!] = (regions.arenaAddress + arenaPatches[patch + 1]!) | 0;
    for (let patch = 0; patch < workspacePatches.length; patch += 2) {
      words[base + workspacePatches[patch]!] = (regions.workspaceAddress + workspacePatches[patch + 1]!) | 0;
    }
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
