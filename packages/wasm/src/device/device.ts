import { DeviceError, DeviceLostError, KernelError } from "@multiway/errors";
import {
  bytesOf,
  Order,
  type DeviceBackend,
  type DeviceBuffer,
  type DeviceCounters,
  type DeviceLimits,
  type DType,
  type HostArray,
  type Kernel,
  type KernelExplanation,
  type LoadedProgram,
  type Program,
} from "@multiway/tensor/device";
import { explain } from "../kernels/explain.ts";
import { addressAlignment } from "./address-space.ts";
import { control } from "./control.ts";
import { DeviceMemory, pageBytes } from "./memory.ts";
import { deviceBytes, generateKernels, ProgramLowering, type FunctionTable, type LoweredProgram, type LoweringOptions } from "./lower-program.ts";
import type { GeneratedKernel } from "../kernels/kernel.ts";
import type { DeviceMessage, RunMessage, WorkerMessage, WorkerProgram } from "./protocol.ts";
import { Regions } from "./regions.ts";
import type { SmallPrograms } from "./small-programs.ts";
import type { Failure } from "../execution/team.ts";
import { letOthersTakeTurns } from "./turns.ts";
import { isSmall } from "./work.ts";
import type { Workers } from "./workers.ts";

/** Copying so much is soon done, and handing it over would take as long. */
const mostBytesReadHere = 2 ** 20;

const hostArrays = { f32: Float32Array, f16: Uint16Array, i32: Int32Array, u32: Uint32Array, bool: Uint32Array } as const;

interface Buffer extends DeviceBuffer {
  address: number;
}

interface Pending {
  settle(message: DeviceMessage): void;
  reject(error: Error): void;
}

/**
 * The side of the CPU device that lives in the caller's thread: it plans memory, generates code and sends messages. It never waits, and computes only what takes
 * no longer than a message: see {@link SmallPrograms}.
 *
 * While the code that generates a program's kernels is loaded, everything that was asked for later queues up behind.
 */
export class WasmDevice implements DeviceBackend {
  readonly name = "wasm";
  readonly fuses = true;
  readonly description: string;
  readonly limits: DeviceLimits = { maxBuffersPerKernel: 256, maxBindingBytes: 2 ** 32 - pageBytes, offsetAlignment: addressAlignment };
  readonly lost: Promise<string | undefined>;

  readonly #workers: Workers;
  readonly #memory: DeviceMemory;
  readonly #functions: FunctionTable = new Map();
  readonly #buffers = new Map<number, Buffer>();
  readonly #programs = new Map<number, LoweredProgram | "loading" | "broken">();
  readonly #order = new Order((error) => void (this.#failure ??= error as Error));
  /** Undefined where the memory is a worker's alone, or the caller wants to compute nothing. */
  readonly #openSmall: (() => Promise<SmallPrograms>) | undefined;
  /** Opened with the first small program; undefined, too, when its code could not be loaded: then the workers do without. */
  #small: SmallPrograms | undefined;
  #smallOpens: Promise<SmallPrograms | undefined> | undefined;
  readonly #pending = new Map<number, Pending>();
  readonly #counters = { dispatches: 0, pipelines: 0, allocations: 0, programs: 0, liveBytes: 0, liveBuffers: 0 };
  #nextId = 1;
  #failure: Error | undefined;
  #end: { reason: string | undefined } | undefined;
  #markLost: (reason: string | undefined) => void = () => {};
  #nextTicket = 0;
  #nextPhase = 0;
  /** Messages sent to the first worker. */
  #numSent = 0;
  #numFailuresHeard = 0;
  readonly #regions: Regions;

  constructor(workers: Workers, openSmall?: () => Promise<SmallPrograms>) {
    this.#workers = workers;
    this.description = workers.description;
    this.#openSmall = openSmall;
    this.#memory = new DeviceMemory(workers, { onAllocation: () => this.#counters.allocations++, growInWorker: (pages) => this.#send({ type: "grow", pages }) });
    this.#regions = new Regions(workers.threads, (numBytes) => this.#memory.take(numBytes, "the scratch memory of programs"), (address) => this.#memory.release(address));
    this.lost = new Promise((resolve) => (this.#markLost = resolve));
    workers.onMessage = (message) => this.#receive(message);
    workers.onDeath = (reason) => this.#finish(reason);
  }

  get counters(): Readonly<DeviceCounters> {
    return { ...this.#counters };
  }

  allocate(dtype: DType, length: number): DeviceBuffer {
    this.#checkOpen();
    const numBytes = length * bytesOf(dtype);
    const buffer: Buffer = { id: this.#nextId++, dtype, length, address: this.#memory.take(numBytes, `a tensor of ${length} ${dtype} elements`) };
    this.#buffers.set(buffer.id, buffer);
    this.#counters.liveBuffers++;
    this.#counters.liveBytes += numBytes;
    return buffer;
  }

  write(buffer: DeviceBuffer, data: HostArray, offset = 0): void {
    this.#checkOpen();
    const { address: start, dtype, length } = this.#find(buffer, "write");
    if (!(offset >= 0 && offset + data.length <= length)) {
      throw new DeviceError(`write: ${data.length} elements are given${offset > 0 ? ` for places from ${offset}` : ""}; the buffer holds ${length}.`, { details: { length, given: data.length, offset } });
    }
    if (data.length === 0) return;
    const address = start + offset * bytesOf(dtype);
    const place = (bytes: Uint8Array): void => new Uint8Array(this.#workers.memory!.buffer).set(bytes, address);
    const own = deviceBytes(dtype, data);
    // At once, where nothing is under way: a checkpoint is then in memory no more often than it must.
    if (!this.#order.isWaiting && !this.#end && this.#isIdle()) return place(own);
    const bytes = own.slice();
    this.#inTurn(() => {
      if (this.#isIdle()) place(bytes);
      else this.#send({ type: "write", address, bytes }, [bytes.buffer]);
    });
  }

  async read(buffer: DeviceBuffer, offset = 0, length = buffer.length - offset): Promise<HostArray> {
    this.#checkOpen();
    const { address, dtype, length: available } = this.#find(buffer, "read");
    if (offset < 0 || length < 0 || offset + length > available) {
      throw new DeviceError(`read: elements ${offset} to ${offset + length} are asked for; the buffer holds ${available}.`, { details: { offset, length, available } });
    }
    const size = bytesOf(dtype);
    return await this.#answerInTurn(() => this.#read(dtype, address + offset * size, length * size));
  }

  async #read(dtype: DType, start: number, numBytes: number): Promise<HostArray> {
    if (numBytes <= mostBytesReadHere && this.#isIdle()) {
      this.#throwFailure();
      const bytes = new Uint8Array(numBytes);
      bytes.set(new Uint8Array(this.#workers.memory!.buffer, start, numBytes));
      await letOthersTakeTurns();
      return new hostArrays[dtype](bytes.buffer);
    }
    return this.#ask(
      (id) => ({ type: "read", id, address: start, numBytes }),
      (message) => new hostArrays[dtype]((message as DeviceMessage & { type: "read" }).bytes),
    );
  }

  free(buffer: DeviceBuffer): void {
    if (this.#end) return;
    const { id, address, dtype, length } = this.#find(buffer, "free");
    this.#buffers.delete(id);
    // Workers do as they are told in order, so whoever gets this memory next comes after all who know it now.
    this.#inTurn(() => this.#memory.release(address));
    this.#counters.liveBuffers--;
    this.#counters.liveBytes -= length * bytesOf(dtype);
  }

  load(program: Program): LoadedProgram {
    this.#checkOpen();
    const id = this.#nextId++;
    this.#counters.programs++;
    const options = this.#loweringOptions(program);
    // While the program is lowered.
    if (!options.isSmall || !this.#openSmall) this.#workers.wake();
    else this.#smallOpens ??= this.#openSmall().catch(() => undefined);
    this.#programs.set(id, "loading");
    const kernels = generateKernels(program, options.target);
    this.#order.add(async () => {
      this.#small ??= await this.#smallOpens;
      this.#finishLoading(id, program, options, await kernels);
    });
    return { id };
  }

  #finishLoading(id: number, program: Program, options: LoweringOptions, kernels: readonly GeneratedKernel[] | KernelError): void {
    if (this.#end) return;
    const lowering = new ProgramLowering(program, options, this.#functions, (numBytes) => this.#memory.take(numBytes, `program "${program.label}"`));
    try {
      if (kernels instanceof Error) throw kernels;
      const lowered = lowering.lower(kernels);
      this.#programs.set(id, lowered);
      this.#counters.pipelines += lowered.worker.numFunctions;
      if (lowered.isSmall && this.#small) this.#small.load({ ...lowered.worker, id });
      else this.#loadInWorkers({ ...lowered.worker, id });
      delete lowered.worker.module;
      lowered.worker.constants = [];
    } catch (error) {
      for (const address of lowering.abandon()) this.#memory.release(address);
      this.#programs.set(id, "broken");
      throw error instanceof WebAssembly.CompileError ? new KernelError(`${program.label}: ${error.message}`, { cause: error, details: { label: program.label } }) : error;
    }
  }

  #loweringOptions(program: Program): LoweringOptions {
    const { threads, memory, relaxedSimd, relaxedSimdHere } = this.#workers;
    const memoryIsShared = memory !== undefined;
    return isSmall(program)
      ? { isSmall: true, threads: 1, memoryIsShared, target: { relaxedSimd: relaxedSimdHere } }
      : { isSmall: false, threads, memoryIsShared, target: { relaxedSimd } };
  }

  #loadInWorkers(program: WorkerProgram): void {
    for (let thread = 1; thread < this.#workers.threads; thread++) {
      this.#workers.post(thread, { type: "load", program: { ...program, constants: [], arguments: new Int32Array(0) } });
    }
    this.#send({ type: "load", program });
  }

  run(program: LoadedProgram, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void {
    this.#checkOpen();
    const { id } = program;
    if (!this.#programs.has(id)) throw new DeviceError(`run: program ${id} is not loaded on this device.`, { details: { id } });
    const addresses = new Int32Array(bindings.length);
    bindings.forEach((binding, index) => (addresses[index] = this.#find(binding, "run").address));
    const words = this.#order.isWaiting ? scalars.slice() : scalars;
    this.#inTurn(() => this.#run(id, addresses, words));
  }

  #run(id: number, addresses: Int32Array<ArrayBuffer>, scalars: Uint32Array): void {
    const lowered = this.#programs.get(id);
    if (typeof lowered !== "object") throw new KernelError(`run: program ${id} could not be built; the failure was reported before.`, { details: { id } });
    const regions = this.#regions.for(lowered);
    this.#counters.dispatches += lowered.numLaunches;
    const message: RunMessage = { id, regions, regionsAreNew: lowered.lastRegions !== regions, bindings: addresses, scalars };
    lowered.lastRegions = regions;
    if (lowered.isShared) this.#runShared(lowered, message);
    else if (lowered.isSmall && this.#small) this.#runSmall(this.#small, message);
    else this.#send({ type: "run", ...message });
  }

  #runSmall(small: SmallPrograms, message: RunMessage): void {
    if (!this.#isIdle()) {
      for (const untold of small.takeUntold()) this.#send(untold);
      this.#send({ type: "run", ...message });
      return;
    }
    const failure = small.run(message);
    if (failure) this.#failure ??= this.#describe({ program: message.id, ...failure });
  }

  #runShared(program: LoweredProgram, message: RunMessage): void {
    const tickets = { firstTicket: this.#nextTicket, firstPhase: this.#nextPhase };
    this.#nextTicket = (this.#nextTicket + program.numTickets) | 0;
    // One number more than phases: what opens at the end of this run is not yet the first phase of the next, whose arguments have to be filled in first.
    this.#nextPhase = (this.#nextPhase + program.worker.phases.length / 4 + 1) | 0;
    this.#send({ type: "run", ...message, tickets });
    const forHelpers: WorkerMessage = { type: "run", ...message, bindings: new Int32Array(0), scalars: new Uint32Array(0), tickets };
    for (let thread = 1; thread < this.#workers.threads; thread++) this.#workers.post(thread, forHelpers);
  }

  unload(program: LoadedProgram): void {
    if (this.#end) return;
    this.#inTurn(() => this.#unload(program.id));
  }

  #unload(id: number): void {
    const lowered = this.#programs.get(id);
    if (!this.#programs.delete(id) || typeof lowered !== "object") return;
    for (const address of lowered.addresses) this.#memory.release(address);
    if (lowered.isSmall && this.#small) return this.#small.unload(id);
    this.#send({ type: "unload", id });
    for (let thread = 1; thread < this.#workers.threads; thread++) this.#workers.post(thread, { type: "unload", id });
  }

  explain(kernel: Kernel): Promise<KernelExplanation> {
    return explain(kernel, { relaxedSimd: this.#workers.relaxedSimd });
  }

  async synchronize(): Promise<void> {
    this.#checkOpen();
    await this.#answerInTurn(() => this.#synchronize());
  }

  async #synchronize(): Promise<void> {
    if (this.#isIdle()) {
      this.#throwFailure();
      return letOthersTakeTurns();
    }
    await this.#ask(
      (id) => ({ type: "synchronize", id }),
      () => {},
    );
  }

  async close(): Promise<void> {
    this.#finish(undefined);
    await this.#workers.close();
  }

  /** Does `work` when all that was asked for before is on its way: at once, but for programs whose code is still loaded. */
  #inTurn(work: () => void): void {
    this.#order.add(() => (this.#end ? undefined : work()));
  }

  #answerInTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (!this.#order.isWaiting) return work();
    return new Promise((resolve, reject) => {
      this.#order.add(() => (this.#end ? reject(this.#lostError()) : void work().then(resolve, reject)));
    });
  }

  #send(message: WorkerMessage, transfer?: ArrayBuffer[]): void {
    this.#numSent = (this.#numSent + 1) | 0;
    this.#workers.post(0, message, transfer);
  }

  /** True when the workers have dealt with all that was sent, and all their failures are known here; so nobody touches the memory. */
  #isIdle(): boolean {
    const { memory } = this.#workers;
    if (!memory) return false;
    const words = new Int32Array(memory.buffer);
    return Atomics.load(words, control.handled) === this.#numSent && Atomics.load(words, control.failures) === this.#numFailuresHeard;
  }

  #ask<Result>(message: (id: number) => WorkerMessage, settle: (message: DeviceMessage) => Result): Promise<Result> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#pending.size === 0) this.#workers.keepAlive(true);
      this.#pending.set(id, { settle: (answer) => resolve(settle(answer)), reject });
      this.#send(message(id));
    });
  }

  #receive(message: DeviceMessage): void {
    if (message.type === "failed") {
      this.#numFailuresHeard = (this.#numFailuresHeard + 1) | 0;
      this.#failure ??= this.#describe(message);
      return;
    }
    if (message.type !== "read" && message.type !== "synchronized") return;
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    this.#pending.delete(message.id);
    if (this.#pending.size === 0) this.#workers.keepAlive(false);
    const failure = this.#takeFailure();
    if (failure) pending.reject(failure);
    else pending.settle(message);
  }

  #takeFailure(): Error | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #throwFailure(): void {
    const failure = this.#takeFailure();
    if (failure) throw failure;
  }

  #describe({ program, step, text }: Failure & { program: number }): KernelError {
    const lowered = this.#programs.get(program);
    const label = typeof lowered === "object" ? lowered.labels[step] : undefined;
    return new KernelError(`${label ?? "wasm"}: ${text}`, { details: { label, text } });
  }

  #find(buffer: DeviceBuffer, verb: string): Buffer {
    const found = this.#buffers.get(buffer.id);
    if (found !== buffer) throw new DeviceError(`${verb}: buffer ${buffer.id} is not a live buffer of this device; it was freed, or belongs to another one.`, { details: { id: buffer.id } });
    return found;
  }

  #checkOpen(): void {
    if (this.#end) throw this.#lostError();
  }

  #lostError(): DeviceLostError {
    const reason = this.#end?.reason;
    return new DeviceLostError(reason === undefined ? "The wasm device is closed; open another one." : `The wasm device is lost: ${reason}. Open another one.`, {
      details: { reason },
    });
  }

  #finish(reason: string | undefined): void {
    if (this.#end) return;
    this.#end = { reason };
    this.#markLost(reason);
    for (const { reject } of this.#pending.values()) reject(this.#lostError());
    this.#pending.clear();
    this.#workers.keepAlive(false);
    if (reason !== undefined) void this.#workers.close();
  }
}
