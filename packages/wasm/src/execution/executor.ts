import type { RunMessage, SharedRegions, WorkerProgram } from "../device/protocol.ts";
import { Team, type Failure, type KernelCall } from "./team.ts";

/** What is left of a program once it is compiled and placed. */
type LoadedProgram = Omit<WorkerProgram, "module" | "arguments" | "constants">;

/** Runs programs over a device's memory, in the thread in which it lives: that of a worker, or, for small programs, that of the caller. */
export class Executor {
  readonly #memory: WebAssembly.Memory;
  readonly #isFirst: boolean;
  readonly #functions: (KernelCall | undefined)[] = [];
  readonly #programs = new Map<number, LoadedProgram>();
  readonly #team: Team;

  /** @param thread helpers, from 1, leave memory that all threads share to thread 0 */
  constructor(thread: number, memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#isFirst = thread === 0;
    this.#team = new Team(thread, this.#functions, memory);
  }

  /** To be called when unshared memory has grown. */
  remap(): void {
    this.#team.remap(this.#memory);
  }

  /** Takes a program and compiles what is new in it; memory stays as it is. */
  load({ module, arguments: _words, constants: _constants, ...program }: WorkerProgram): void {
    this.#programs.set(program.id, program);
    if (!module) return;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), { device: { memory: this.#memory } });
    for (let index = 0; index < program.numFunctions; index++) this.#functions[program.firstFunction + index] = exports[`f${index}`] as KernelCall;
  }

  /** Writes what a program keeps in memory: before its first run, in the first of the threads that run it. */
  place({ arguments: words, argumentsAddress, constants }: Pick<WorkerProgram, "arguments" | "argumentsAddress" | "constants">): void {
    new Int32Array(this.#memory.buffer).set(words, argumentsAddress / 4);
    const memory = new Uint8Array(this.#memory.buffer);
    for (const { address, bytes } of constants) memory.set(bytes, address);
  }

  unload(id: number): void {
    this.#programs.delete(id);
  }

  run(message: RunMessage): Failure | undefined {
    const { id, regions, tickets } = message;
    const program = this.#programs.get(id);
    if (!program) throw new Error(`internal: program ${id} is not loaded.`);
    if (this.#isFirst) this.#fillIn(program, message);
    if (!tickets) this.#team.runAlone(program, regions);
    else this.#team.runShared(program, regions, tickets.firstTicket, tickets.firstPhase);
    return this.#isFirst ? this.#team.takeFailure() : undefined;
  }

  /** Writes the addresses and scalars of this run among the arguments of its steps. */
  #fillIn(program: LoadedProgram, { regions, regionsAreNew, bindings, scalars }: RunMessage): void {
    const words = new Int32Array(this.#memory.buffer);
    const base = program.argumentsAddress / 4;
    const { bindingPatches } = program;
    for (let patch = 0; patch < bindingPatches.length; patch += 3) {
      words[base + bindingPatches[patch]!] = (bindings[bindingPatches[patch + 1]!]! + bindingPatches[patch + 2]!) | 0;
    }
    if (scalars.length > 0) words.set(scalars, program.scalarsAddress / 4);
    if (regionsAreNew) this.#fillInRegions(words, program, regions);
  }

  #fillInRegions(words: Int32Array, { argumentsAddress, arenaPatches, workspacePatches }: LoadedProgram, { arenaAddress, workspaceAddress }: SharedRegions): void {
    const base = argumentsAddress / 4;
    for (let patch = 0; patch < arenaPatches.length; patch += 2) words[base + arenaPatches[patch]!] = (arenaAddress + arenaPatches[patch + 1]!) | 0;
    for (let patch = 0; patch < workspacePatches.length; patch += 2) words[base + workspacePatches[patch]!] = (workspaceAddress + workspacePatches[patch + 1]!) | 0;
  }
}
