import { Executor } from "../execution/executor.ts";
import type { Failure } from "../execution/team.ts";
import type { RunMessage, WorkerMessage, WorkerProgram } from "./protocol.ts";

/**
 * Small programs, which the calling thread runs by itself while the workers have nothing to do.
 *
 * The first worker hears of one when it first has to run it, so that a process that never needs a worker never waits for it.
 */
export class SmallPrograms {
  readonly #executor: Executor;
  /** What the worker does not know of yet, oldest first: programs use functions of older ones. */
  readonly #untold = new Map<number, WorkerProgram>();
  readonly #unloaded = new Set<number>();

  constructor(memory: WebAssembly.Memory) {
    this.#executor = new Executor(0, memory);
  }

  load(program: WorkerProgram): void {
    this.#executor.load(program);
    this.#untold.set(program.id, program);
  }

  /** To be called only while no worker touches the memory. */
  run(message: RunMessage): Failure | undefined {
    const untold = this.#untold.get(message.id);
    if (untold) {
      this.#executor.place(untold);
      forgetPlaced(untold);
    }
    return this.#executor.run(message);
  }

  /** All that the worker has to be told before it runs a small program. */
  takeUntold(): WorkerMessage[] {
    const messages: WorkerMessage[] = [...this.#untold.values()].map((program) => ({ type: "load", program }));
    for (const id of this.#unloaded) messages.push({ type: "unload", id });
    this.#untold.clear();
    this.#unloaded.clear();
    return messages;
  }

  unload(id: number): void {
    this.#executor.unload(id);
    const untold = this.#untold.get(id);
    // Its memory is another's from now on.
    if (untold) forgetPlaced(untold);
    if (untold && !untold.module) this.#untold.delete(id);
    else this.#unloaded.add(id);
  }
}

/** What is in memory, or must never be written there again. */
function forgetPlaced(program: WorkerProgram): void {
  program.arguments = new Int32Array(0);
  program.constants = [];
}
