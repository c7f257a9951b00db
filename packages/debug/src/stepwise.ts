import { DeviceError } from "@multiway/errors";
import type { DeviceBackend, DeviceBuffer, DeviceCounters, DeviceFactory, DeviceLimits, DType, HostArray, Kernel, KernelExplanation, LoadedProgram, Program, StepOp } from "@multiway/tensor/device";

/** One kernel launch, with somebody beside it. */
export interface ObservedStep {
  /** Name of the program, and which of its steps this is, from 0. */
  program: string;
  index: number;
  kernel: Kernel;
  /** What the kernel computes, while call sites are recorded. */
  ops: readonly StepOp[];
  /** The device that runs it. */
  device: DeviceBackend;
  /** Its memory: `buffers[i]` is the kernel's buffer `i`. */
  buffers: readonly StepBuffer[];
  /** The step as a program of its own, whose binding k is `bindings[k]`. */
  alone: Program;
  bindings: readonly DeviceBuffer[];
  scalars: Uint32Array;
}

export interface StepBuffer {
  dtype: DType;
  /** In elements. */
  length: number;
  access: "read" | "write" | "readwrite";
  /** Undefined for the words that are handed in with each run. */
  memory: DeviceBuffer | undefined;
}

export interface Observer {
  /** Told of each program, and of the device that will run it; it runs when this has resolved. What is thrown rejects the next read or synchronize of the device. */
  load?(program: Program, device: DeviceBackend): void | Promise<void>;
  /**
   * Called for each step in its turn. It calls `run` once, which queues the kernel on the device, and may read the step's memory before and after. What it throws rejects the next
   * read or synchronize of the device.
   */
  step(step: ObservedStep, run: () => void): Promise<void>;
}

/**
 * A device that runs programs kernel by kernel, so that somebody can look between two kernels. The kernels are the device's own, fused as ever; what is lost is
 * the speed of whole programs, and each intermediate has memory of its own.
 */
export function stepwise(factory: DeviceFactory, observer: Observer): DeviceFactory {
  return {
    name: factory.name,
    async open() {
      const opened = await factory.open();
      return "unavailable" in opened ? opened : new StepwiseDevice(opened, observer);
    },
  };
}

interface SplitProgram {
  program: Program;
  steps: SplitStep[];
  /** Uploaded once; by program buffer. */
  constants: Map<number, DeviceBuffer>;
  /** By step: the arena's buffers that appear with it, and those that nobody needs behind it. */
  born: number[][];
  dead: number[][];
}

interface SplitStep {
  alone: Program;
  loaded: LoadedProgram;
  /** The program buffers that its bindings are. */
  boundTo: number[];
}

class StepwiseDevice implements DeviceBackend {
  readonly #inner: DeviceBackend;
  readonly #observer: Observer;
  readonly #programs = new Map<number, SplitProgram>();
  /** Steps of one kernel over memory of the same kind share a program. */
  readonly #loaded = new Map<string, { loaded: LoadedProgram; uses: number }>();
  #nextId = 1;
  /** All that was asked for so far, in order. */
  #last: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;

  constructor(inner: DeviceBackend, observer: Observer) {
    this.#inner = inner;
    this.#observer = observer;
  }

  get name(): string {
    return this.#inner.name;
  }
  get description(): string {
    return `${this.#inner.description}, kernel by kernel`;
  }
  get limits(): DeviceLimits {
    return this.#inner.limits;
  }
  get fuses(): boolean {
    return this.#inner.fuses;
  }
  get counters(): Readonly<DeviceCounters> {
    return this.#inner.counters;
  }
  get lost(): Promise<string | undefined> {
    return this.#inner.lost;
  }

  allocate(dtype: DType, length: number): DeviceBuffer {
    return this.#inner.allocate(dtype, length);
  }

  write(buffer: DeviceBuffer, data: HostArray, offset?: number): void {
    const copy = data.slice();
    this.#queue(() => this.#inner.write(buffer, copy, offset));
  }

  async read(buffer: DeviceBuffer, offset?: number, length?: number): Promise<HostArray> {
    return await this.#after(() => this.#inner.read(buffer, offset, length));
  }

  free(buffer: DeviceBuffer): void {
    this.#queue(() => this.#inner.free(buffer));
  }

  load(program: Program): LoadedProgram {
    const id = this.#nextId++;
    this.#queue(async () => {
      await this.#observer.load?.(program, this.#inner);
      this.#programs.set(id, this.#split(program));
    });
    return { id };
  }

  async explain(kernel: Kernel): Promise<KernelExplanation> {
    if (!this.#inner.explain) throw new DeviceError(`explain: the device ${this.#inner.name} writes no code.`);
    return await this.#inner.explain(kernel);
  }

  run({ id }: LoadedProgram, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void {
    const [memory, words] = [[...bindings], scalars.slice()];
    this.#queue(() => this.#run(this.#programs.get(id)!, memory, words));
  }

  unload({ id }: LoadedProgram): void {
    this.#queue(() => {
      const split = this.#programs.get(id);
      this.#programs.delete(id);
      for (const constant of split?.constants.values() ?? []) this.#inner.free(constant);
      for (const { loaded } of split?.steps ?? []) this.#release(loaded);
    });
  }

  async synchronize(): Promise<void> {
    await this.#after(() => this.#inner.synchronize());
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#inner.close();
  }

  #queue(task: () => void | Promise<void>): void {
    this.#last = this.#last.then(task).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Answers when all before it is done, or says what went wrong there. */
  async #after<T>(answer: () => Promise<T>): Promise<T> {
    let result: { value: T } | { error: unknown } | undefined;
    this.#queue(async () => {
      const failure = this.#failure;
      this.#failure = undefined;
      result = failure ?? (await answer().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ));
    });
    await this.#last;
    if ("error" in result!) throw result.error;
    return result!.value;
  }

  #split(program: Program): SplitProgram {
    const constants = new Map<number, DeviceBuffer>();
    program.buffers.forEach(({ dtype, length, place }, index) => {
      if (place.kind !== "constant") return;
      const memory = this.#inner.allocate(dtype, length);
      this.#inner.write(memory, place.data);
      constants.set(index, memory);
    });
    const steps = program.steps.map((step): SplitStep => {
      const boundTo = [...new Set(step.buffers.filter((index) => program.buffers[index]!.place.kind !== "scalars"))];
      const used = [...new Set(step.buffers)];
      const alone: Program = {
        label: program.label,
        kernels: [program.kernels[step.kernel]!],
        buffers: used.map((index) => {
          const { dtype, length, place } = program.buffers[index]!;
          return { dtype, length, place: place.kind === "scalars" ? place : { kind: "binding", index: boundTo.indexOf(index) } };
        }),
        steps: [{ kernel: 0, buffers: step.buffers.map((index) => used.indexOf(index)) }],
        arenaBytes: 0,
        numBindings: boundTo.length,
        numScalars: program.numScalars,
      };
      const loaded = this.#share(alone);
      if (step.ops) alone.steps = [{ ...alone.steps[0]!, ops: step.ops }];
      return { alone, loaded, boundTo };
    });
    const isInArena = (index: number): boolean => program.buffers[index]!.place.kind === "arena";
    const first = new Map<number, number>();
    const last = new Map<number, number>();
    steps.forEach(({ boundTo }, position) => {
      for (const index of boundTo.filter(isInArena)) {
        if (!first.has(index)) first.set(index, position);
        last.set(index, position);
      }
    });
    const at = (positions: Map<number, number>) => steps.map((_, position) => [...positions].filter(([, step]) => step === position).map(([index]) => index));
    return { program, steps, constants, born: at(first), dead: at(last) };
  }

  #share(alone: Program): LoadedProgram {
    const key = JSON.stringify(alone);
    let entry = this.#loaded.get(key);
    if (!entry) this.#loaded.set(key, (entry = { loaded: this.#inner.load(alone), uses: 0 }));
    entry.uses++;
    return entry.loaded;
  }

  #release(loaded: LoadedProgram): void {
    const [key, entry] = [...this.#loaded].find(([, known]) => known.loaded === loaded)!;
    if (--entry.uses > 0) return;
    this.#loaded.delete(key);
    this.#inner.unload(loaded);
  }

  async #run({ program, steps, constants, born, dead }: SplitProgram, given: readonly DeviceBuffer[], scalars: Uint32Array): Promise<void> {
    const arena = new Map<number, DeviceBuffer>();
    const memoryOf = (index: number): DeviceBuffer | undefined => {
      const { place } = program.buffers[index]!;
      return place.kind === "binding" ? given[place.index] : (constants.get(index) ?? arena.get(index));
    };
    try {
      for (const [index, { alone, loaded, boundTo }] of steps.entries()) {
        for (const buffer of born[index]!) arena.set(buffer, this.#inner.allocate(program.buffers[buffer]!.dtype, program.buffers[buffer]!.length));
        const step = program.steps[index]!;
        const kernel = program.kernels[step.kernel]!;
        const bindings = boundTo.map((buffer) => memoryOf(buffer)!);
        const buffers = step.buffers.map((buffer, position): StepBuffer => {
          const { dtype, length } = program.buffers[buffer]!;
          return { dtype, length, access: kernel.buffers[position]!.access, memory: memoryOf(buffer) };
        });
        const observed: ObservedStep = { program: program.label, index, kernel, ops: step.ops ?? [], device: this.#inner, buffers, alone, bindings, scalars };
        await this.#observer.step(observed, () => this.#inner.run(loaded, bindings, scalars));
        for (const buffer of dead[index]!) {
          this.#inner.free(arena.get(buffer)!);
          arena.delete(buffer);
        }
      }
    } finally {
      for (const memory of arena.values()) this.#inner.free(memory);
    }
  }
}
