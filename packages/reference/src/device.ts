import { DeviceError, DeviceLostError, KernelError } from "@multiway/errors";
import {
  bytesOf,
  type DeviceBackend,
  type DeviceBuffer,
  type DeviceCounters,
  type DeviceFactory,
  type DeviceLimits,
  type DType,
  type HostArray,
  type LoadedProgram,
  type Program,
} from "@multiway/tensor/device";
import { checkProgram, type StepOf } from "./check-program.ts";
import { compileKernel } from "./compile-kernel.ts";
import { createElements, fromHost, fromWords, poison, type Elements } from "./storage.ts";

/**
 * The reference device: every kernel in plain loops, in float64, with every access checked.
 *
 * ```ts
 * const device = await reference().open();
 * ```
 */
export function reference(): DeviceFactory {
  return { name: "reference", open: async () => new ReferenceDevice() };
}

interface LoadedReference {
  program: Program;
  /** By kernel. Empty if the program is faulty. */
  kernels: ((buffers: readonly Elements[]) => void)[];
  /** By program buffer; undefined for bindings and scalars. */
  elements: (Elements | undefined)[];
  fault: KernelError | undefined;
}

class ReferenceDevice implements DeviceBackend {
  readonly name = "reference";
  readonly description = "plain loops in float64, one thread, every access checked";
  readonly limits: DeviceLimits = { maxBuffersPerKernel: Infinity, maxBindingBytes: Infinity, offsetAlignment: 4 };
  readonly fuses = false;
  readonly lost: Promise<string | undefined>;
  readonly #counters: DeviceCounters = { dispatches: 0, pipelines: 0, allocations: 0, programs: 0, liveBytes: 0, liveBuffers: 0 };
  /** Buffers that are handed out, by their names. */
  readonly #buffers = new Map<DeviceBuffer, Elements>();
  /** Memory given back, by dtype and length. */
  readonly #spare = new Map<string, Elements[]>();
  readonly #programs = new Map<LoadedProgram, LoadedReference>();
  #nextId = 0;
  #failure: KernelError | undefined;
  #isClosed = false;
  #resolveLost: (reason: string | undefined) => void = () => {};

  constructor() {
    this.lost = new Promise((resolve) => (this.#resolveLost = resolve));
  }

  get counters(): Readonly<DeviceCounters> {
    return this.#counters;
  }

  allocate(dtype: DType, length: number): DeviceBuffer {
    this.#requireOpen("allocate");
    if (!Number.isInteger(length) || length < 0) throw new DeviceError(`reference.allocate: length is ${length}; expected a count of elements.`);
    const buffer: DeviceBuffer = { id: this.#nextId++, dtype, length };
    this.#buffers.set(buffer, this.#takeMemory(dtype, length));
    this.#counters.liveBuffers++;
    this.#counters.liveBytes += length * bytesOf(dtype);
    return buffer;
  }

  write(buffer: DeviceBuffer, data: HostArray, offset = 0): void {
    fromHost("reference.write", buffer.dtype, this.#elementsOf("write", buffer), data, offset);
  }

  async read(buffer: DeviceBuffer, offset = 0, length = buffer.length - offset): Promise<HostArray> {
    const elements = this.#elementsOf("read", buffer);
    this.#rejectWithFailure();
    if (!(offset >= 0 && length >= 0 && offset + length <= buffer.length)) {
      throw new DeviceError(`reference.read: ${length} elements from ${offset} were asked for; the buffer holds ${buffer.length}.`);
    }
    return elements.slice(offset, offset + length);
  }

  free(buffer: DeviceBuffer): void {
    const elements = this.#elementsOf("free", buffer);
    this.#buffers.delete(buffer);
    this.#counters.liveBuffers--;
    this.#counters.liveBytes -= buffer.length * bytesOf(buffer.dtype);
    const spare = this.#spare.get(`${buffer.dtype} ${buffer.length}`);
    if (spare) spare.push(elements);
    else this.#spare.set(`${buffer.dtype} ${buffer.length}`, [elements]);
  }

  load(program: Program): LoadedProgram {
    this.#requireOpen("load");
    const loaded: LoadedReference = { program, kernels: [], elements: [], fault: undefined };
    let place: StepOf;
    try {
      checkProgram(program, this.limits.offsetAlignment, (step) => (place = step));
      program.kernels.forEach((kernel, position) => {
        place = { step: program.steps.findIndex((step) => step.kernel === position), kernel: position };
        loaded.kernels.push(compileKernel(kernel));
        this.#counters.pipelines++;
      });
      place = undefined;
      program.buffers.forEach((buffer) => loaded.elements.push(this.#programMemory(buffer)));
    } catch (error) {
      loaded.fault = this.#fail(program, place, error);
    }
    const name: LoadedProgram = { id: this.#nextId++ };
    this.#programs.set(name, loaded);
    this.#counters.programs++;
    return name;
  }

  run(program: LoadedProgram, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void {
    const loaded = this.#programOf("run", program);
    const bound = bindings.map((buffer) => this.#elementsOf("run", buffer));
    checkArguments(loaded.program, bindings, scalars);
    if (loaded.fault) {
      this.#failure ??= loaded.fault;
      return;
    }
    const elements = loaded.program.buffers.map(({ dtype, length, place }, position) => {
      if (place.kind === "binding") return bound[place.index]!.subarray(0, length);
      if (place.kind === "scalars") return fromWords(dtype, scalars).subarray(0, length);
      const own = loaded.elements[position]!;
      if (place.kind === "arena") poison(own);
      return own;
    });
    loaded.program.steps.every(({ kernel, buffers }, step) => {
      this.#counters.dispatches++;
      try {
        const given = buffers.map((buffer) => elements[buffer]!);
        checkSharing(loaded.program, kernel, given);
        loaded.kernels[kernel]!(given);
        return true;
      } catch (error) {
        this.#fail(loaded.program, { step, kernel }, error);
        return false;
      }
    });
  }

  unload(program: LoadedProgram): void {
    this.#programOf("unload", program);
    this.#programs.delete(program);
  }

  async synchronize(): Promise<void> {
    this.#requireOpen("synchronize");
    this.#rejectWithFailure();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#buffers.clear();
    this.#spare.clear();
    this.#programs.clear();
    this.#counters.liveBuffers = 0;
    this.#counters.liveBytes = 0;
    this.#resolveLost(undefined);
  }

  #takeMemory(dtype: DType, length: number): Elements {
    let elements = this.#spare.get(`${dtype} ${length}`)?.pop();
    if (!elements) {
      elements = createElements(dtype, length);
      this.#counters.allocations++;
    }
    poison(elements);
    return elements;
  }

  #programMemory({ dtype, length, place }: Program["buffers"][number]): Elements | undefined {
    if (place.kind === "binding" || place.kind === "scalars") return undefined;
    this.#counters.allocations++;
    const elements = createElements(dtype, length);
    if (place.kind === "constant") fromHost("reference.load", dtype, elements, place.data);
    return elements;
  }

  #elementsOf(method: string, buffer: DeviceBuffer): Elements {
    this.#requireOpen(method);
    const elements = this.#buffers.get(buffer);
    if (!elements) throw new DeviceError(`reference.${method}: buffer ${buffer.id} is not one of this device; it was freed, or another device made it.`);
    return elements;
  }

  #programOf(method: string, program: LoadedProgram): LoadedReference {
    this.#requireOpen(method);
    const loaded = this.#programs.get(program);
    if (!loaded) throw new DeviceError(`reference.${method}: program ${program.id} is not loaded here.`);
    return loaded;
  }

  #requireOpen(method: string): void {
    if (this.#isClosed) throw new DeviceLostError(`reference.${method}: the device was closed; open another one.`);
  }

  #fail(program: Program, place: StepOf, cause: unknown): KernelError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const label = place && program.kernels[place.kernel]?.label;
    const where = place ? `step ${place.step}, kernel ${place.kernel} "${label ?? "missing"}": ` : "";
    const error = new KernelError(`reference: program "${program.label}": ${where}${reason}`, { cause, details: { program: program.label, label, ...place } });
    this.#failure ??= error;
    return error;
  }

  #rejectWithFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
  }
}

/** What a run is handed is the caller's, so it throws at once. */
function checkArguments(program: Program, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void {
  const caller = `reference.run: program "${program.label}"`;
  if (bindings.length !== program.numBindings) throw new DeviceError(`${caller} was handed ${bindings.length} buffers; expected ${program.numBindings}.`);
  if (scalars.length !== program.numScalars) throw new DeviceError(`${caller} was handed ${scalars.length} scalar words; expected ${program.numScalars}.`);
  for (const { dtype, length, place } of program.buffers) {
    if (place.kind !== "binding") continue;
    const given = bindings[place.index]!;
    if (given.dtype !== dtype || given.length < length) {
      throw new DeviceError(`${caller}: binding ${place.index} is ${given.length} × ${given.dtype}; expected ${length} × ${dtype}.`);
    }
  }
}

/** A kernel may read one buffer twice, but what it writes it must see once: devices differ in what it would read. */
function checkSharing(program: Program, kernel: number, given: readonly Elements[]): void {
  const { buffers, label } = program.kernels[kernel]!;
  given.forEach((elements, position) => {
    const other = given.findIndex((one) => one.buffer === elements.buffer);
    if (other !== position && elements.length > 0 && (buffers[position]!.access !== "read" || buffers[other]!.access !== "read")) {
      throw new Error(`buffers ${other} and ${position} of "${label}" are one; in place is one buffer with access "readwrite".`);
    }
  });
}
