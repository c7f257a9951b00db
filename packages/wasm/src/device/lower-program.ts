import { KernelError } from "@multiway/errors";
import { launchesOf, type HostArray, type Kernel, type Program, type ProgramBuffer, type Step } from "@multiway/tensor/device";
import { ModuleBuilder, type Target } from "../assembler/index.ts";
import { generateKernel } from "../kernels/generate.ts";
import { defineKernelFunction, literalWord, type Argument, type GeneratedKernel, type KernelFunction } from "../kernels/kernel.ts";
import { addressAlignment } from "./address-space.ts";
import type { SharedRegions, WorkerProgram } from "./protocol.ts";

/** A program ready for the workers, and what the main thread has to remember of it. */
export interface LoweredProgram {
  worker: Omit<WorkerProgram, "id">;
  /** What steps of the worker program are called, for failures. */
  labels: string[];
  numLaunches: number;
  arenaBytes: number;
  workspaceBytes: number;
  scratchBytes: number;
  /** Tickets and phases that a shared run uses up; a program in which no phase has several tickets runs in one thread. */
  numTickets: number;
  isShared: boolean;
  isSmall: boolean;
  /** Where it found the shared memory at its last run. */
  lastRegions?: SharedRegions;
  /** Memory of the program itself. */
  addresses: number[];
}

/** Functions that a device holds, by key. Those of small programs are others than those of large ones, since other threads hold them. */
export type FunctionTable = Map<string, number>;

export interface LoweringOptions {
  target: Target;
  /** How many share the work. */
  threads: number;
  /** The calling thread may run it: see SmallPrograms. */
  isSmall: boolean;
  memoryIsShared: boolean;
}

const align = (bytes: number): number => Math.ceil(bytes / addressAlignment) * addressAlignment;

/** Bytes of an array as the device stores it, its own where they are the same; the float64 device's f32 arrives as Float64Array. */
export function deviceBytes(dtype: string, data: HostArray): Uint8Array<ArrayBuffer> {
  const array = dtype === "f32" && !(data instanceof Float32Array) ? Float32Array.from(data as ArrayLike<number>) : data;
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength) as Uint8Array<ArrayBuffer>;
}

/** What becomes of a program's kernels, once the code that generates them is loaded. Never rejects. */
export async function generateKernels({ kernels }: Program, target: Target): Promise<GeneratedKernel[] | KernelError> {
  const generate = (kernel: Kernel): Promise<GeneratedKernel> =>
    generateKernel(kernel, target).catch((cause: unknown) => {
      throw new KernelError(`${kernel.label}: ${(cause as Error).message}`, { cause, details: { kernel } });
    });
  return Promise.all(kernels.map(generate)).catch((error: unknown) => error as KernelError);
}

/** Puts together what a program needs: functions that are new, arguments of its steps, and the order of phases. */
export class ProgramLowering {
  readonly #program: Program;
  readonly #options: LoweringOptions;
  readonly #functions: FunctionTable;
  readonly #allocate: (numBytes: number) => number;

  readonly #newFunctions: KernelFunction[] = [];
  readonly #words: number[] = [];
  readonly #bindingPatches: number[] = [];
  readonly #arenaPatches: number[] = [];
  readonly #workspacePatches: number[] = [];
  readonly #steps: number[] = [];
  readonly #phases: number[] = [];
  readonly #labels: string[] = [];
  readonly #addresses: number[] = [];
  readonly #fixedAddresses = new Map<number, number>();
  #scalarsAddress = 0;
  #argumentsAddress = 0;
  #numLaunches = 0;
  #workspaceBytes = 0;

  constructor(program: Program, options: LoweringOptions, functions: FunctionTable, allocate: (numBytes: number) => number) {
    this.#program = program;
    this.#options = options;
    this.#functions = functions;
    this.#allocate = allocate;
  }

  /** @param kernels those of the program, generated for the same target */
  lower(kernels: readonly GeneratedKernel[]): LoweredProgram {
    const program = this.#program;
    const firstFunction = this.#functions.size;
    const constants = this.#placeFixedBuffers();
    for (const launch of launchesOf(program)) this.#addLaunch(launch, kernels);
    // Steps hold the positions of their arguments until the address of the whole is known.
    this.#argumentsAddress = this.#take(4 * this.#words.length);
    for (let step = 0; step < this.#steps.length; step += 3) this.#steps[step + 1] = (this.#argumentsAddress + 4 * this.#steps[step + 1]!) | 0;
    const phases = Int32Array.from(this.#phases);
    let numTickets = 0;
    let isShared = false;
    for (let phase = 0; phase < phases.length; phase += 4) {
      numTickets += phases[phase + 2]!;
      isShared ||= phases[phase + 2]! > 1;
    }
    const module = this.#buildModule();
    return {
      worker: {
        ...(module && { module }),
        firstFunction,
        numFunctions: this.#newFunctions.length,
        phases,
        steps: Int32Array.from(this.#steps),
        arguments: Int32Array.from(this.#words),
        argumentsAddress: this.#argumentsAddress,
        bindingPatches: Int32Array.from(this.#bindingPatches),
        arenaPatches: Int32Array.from(this.#arenaPatches),
        workspacePatches: Int32Array.from(this.#workspacePatches),
        constants,
        scalarsAddress: this.#scalarsAddress,
      },
      labels: this.#labels,
      numLaunches: this.#numLaunches,
      arenaBytes: program.arenaBytes,
      workspaceBytes: this.#workspaceBytes,
      scratchBytes: Math.max(0, ...kernels.map((kernel) => align(kernel.scratchBytes ?? 0))),
      numTickets,
      isShared: isShared && this.#options.threads > 1,
      isSmall: this.#options.isSmall,
      addresses: this.#addresses,
    };
  }

  /** After a failure half-way: forgets the functions that were never sent, and gives the addresses to be released. */
  abandon(): readonly number[] {
    for (const { key } of this.#newFunctions) this.#functions.delete(this.#tableKey(key));
    return this.#addresses;
  }

  #take(numBytes: number): number {
    const address = this.#allocate(numBytes);
    this.#addresses.push(address);
    return address;
  }

  #placeFixedBuffers(): WorkerProgram["constants"] {
    const constants: WorkerProgram["constants"] = [];
    this.#program.buffers.forEach((buffer, index) => {
      if (buffer.place.kind === "constant") {
        const bytes = deviceBytes(buffer.dtype, buffer.place.data).slice();
        const address = this.#take(bytes.length);
        this.#fixedAddresses.set(index, address);
        constants.push({ address, bytes });
      } else if (buffer.place.kind === "scalars") {
        this.#scalarsAddress ||= this.#take(4 * this.#program.numScalars);
        this.#fixedAddresses.set(index, this.#scalarsAddress);
      }
    });
    return constants;
  }

  /** Phases of steps that run together: the first of each of them, then the second. */
  #addLaunch(launch: readonly Step[], kernels: readonly GeneratedKernel[]): void {
    let workspaceBytes = 0;
    const parts = launch.map(({ kernel, buffers }) => {
      const workspaceOffset = workspaceBytes;
      workspaceBytes += align(kernels[kernel]!.workspaceBytes ?? 0);
      return { kernel, buffers, workspaceOffset };
    });
    this.#workspaceBytes = Math.max(this.#workspaceBytes, workspaceBytes);
    const numPhases = Math.max(...launch.map(({ kernel }) => kernels[kernel]!.phases.length));
    for (let phase = 0; phase < numPhases; phase++) {
      const firstStep = this.#steps.length / 3;
      let tasks = 0;
      for (const { kernel, buffers, workspaceOffset } of parts) {
        const part = kernels[kernel]!.phases[phase];
        if (!part || part.tasks === 0) continue;
        const firstWord = this.#words.length;
        for (const [name, type] of Object.entries(part.function.parameters)) this.#addArgument(type, part.arguments[name]!, buffers, workspaceOffset);
        tasks += part.tasks;
        this.#steps.push(this.#functionIndex(part.function), firstWord, tasks);
        this.#labels.push(this.#program.kernels[kernel]!.label);
      }
      if (tasks > 0) this.#addPhase(firstStep, tasks);
    }
  }

  /** Phases of one task that follow one another make one ticket, which does their tasks in order. */
  #addPhase(firstStep: number, tasks: number): void {
    this.#numLaunches++;
    const phases = this.#phases;
    const last = phases.length - 4;
    const numSteps = this.#steps.length / 3 - firstStep;
    if (tasks === 1 && last >= 0 && phases[last + 2] === 1) {
      phases[last + 1]! += numSteps;
      this.#steps[3 * firstStep + 2] = ++phases[last + 3]!;
      return;
    }
    // Eight tickets for each thread even out threads of unequal speed.
    const perTicket = Math.max(1, Math.floor(tasks / (8 * this.#options.threads)));
    phases.push(firstStep, numSteps, Math.ceil(tasks / perTicket), perTicket);
  }

  #addArgument(type: "i32" | "f32", argument: Argument, buffers: readonly number[], workspaceOffset: number): void {
    const position = this.#words.length;
    if (typeof argument === "number") {
      this.#words.push(literalWord(type, argument));
      return;
    }
    if ("workspaceOffsetBytes" in argument) {
      this.#words.push(0);
      this.#workspacePatches.push(position, workspaceOffset + argument.workspaceOffsetBytes);
      return;
    }
    const index = buffers[argument.buffer]!;
    const { place }: ProgramBuffer = this.#program.buffers[index]!;
    const offset = argument.offsetBytes ?? 0;
    if (place.kind === "binding") this.#bindingPatches.push(position, place.index, offset);
    if (place.kind === "arena") this.#arenaPatches.push(position, place.offsetBytes + offset);
    this.#words.push(((this.#fixedAddresses.get(index) ?? 0) + offset) | 0);
  }

  #functionIndex(definition: KernelFunction): number {
    const key = this.#tableKey(definition.key);
    const known = this.#functions.get(key);
    if (known !== undefined) return known;
    const index = this.#functions.size;
    this.#functions.set(key, index);
    this.#newFunctions.push(definition);
    return index;
  }

  #tableKey(key: string): string {
    return this.#options.isSmall ? `small ${key}` : key;
  }

  #buildModule(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#newFunctions.length === 0) return undefined;
    const module = new ModuleBuilder({
      ...this.#options.target,
      memory: { module: "device", name: "memory", initialPages: 1, maximumPages: 65536, shared: this.#options.memoryIsShared },
    });
    this.#newFunctions.forEach((definition, index) => defineKernelFunction(module, `f${index}`, definition));
    return module.toBytes();
  }
}
