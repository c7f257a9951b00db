import { DeviceError, DeviceLostError, InternalError, KernelError, MultiwayError } from "@multiway/errors";
import { bytesOf, Order, type DeviceBackend, type DeviceBuffer, type DeviceCounters, type DeviceLimits, type DType, type HostArray, type Kernel, type KernelExplanation, type Program } from "@multiway/tensor/device";
import { explain } from "../kernels/explain.ts";
import { foldWorkgroups } from "../wgsl/module.ts";
import { Arena } from "./arena.ts";
import { fromBits, toBits } from "./host-data.ts";
import { Memory, type Block } from "./memory.ts";
import { Pipelines } from "./pipelines.ts";
import { GpuProgram, type Host, type Launch, type ProgramLimits } from "./program.ts";
import { Readback } from "./readback.ts";
import type { Timestamps } from "./timestamps.ts";
import type { Tuner } from "./tuner.ts";

export interface OpenedDevice {
  /** Held while the device is: Dawn settles no promise once its GPU object has been collected. */
  gpu: GPU;
  device: GPUDevice;
  description: string;
  limits: ProgramLimits;
  /** `minStorageBufferOffsetAlignment` of the device. */
  offsetAlignment: number;
  maxBufferBytes: number;
  /** Makes what measures tiles. */
  tunerOf?: (host: Host, readback: Readback) => Tuner;
}

class GpuTensor implements DeviceBuffer {
  freed = false;

  constructor(
    readonly id: number,
    readonly dtype: DType,
    readonly length: number,
    readonly block: Block,
  ) {}
}

/** The WebGPU device: buffers from a pool, programs as lists of dispatches, one submit per run. */
export class WebGPUBackend implements DeviceBackend {
  readonly name = "webgpu";
  readonly description: string;
  readonly limits: DeviceLimits;
  readonly fuses = true;
  readonly counters: DeviceCounters = { dispatches: 0, pipelines: 0, allocations: 0, programs: 0, liveBytes: 0, liveBuffers: 0 };
  readonly lost: Promise<string | undefined>;

  private readonly device: GPUDevice;
  private readonly host: Host;
  private readonly memory: Memory;
  private readonly readback: Readback;
  private readonly order = new Order((error) => this.fail(error));
  private failure: MultiwayError | undefined;
  private gone: DeviceLostError | undefined;
  private closing: Promise<void> | undefined;
  private readonly pending = new Set<(error: Error) => void>();
  private nextId = 1;

  private readonly gpu: GPU;
  /** Once passes have been timed. */
  private timestamps: Timestamps | undefined;
  private readonly tuner: Tuner | undefined;
  /** Passes are timed while this is set. */
  private elapsedMs: number | undefined;

  constructor({ gpu, device, description, limits, offsetAlignment, maxBufferBytes, tunerOf }: OpenedDevice) {
    this.gpu = gpu;
    this.device = device;
    this.description = description;
    this.limits = { maxBuffersPerKernel: limits.maxStorageBuffers, maxBindingBytes: limits.maxBindingBytes, offsetAlignment: Math.max(256, offsetAlignment) };
    const onAllocation = (): void => void this.counters.allocations++;
    this.memory = new Memory(device, { alignment: offsetAlignment, maxBufferBytes, onAllocation });
    this.readback = new Readback(device, onAllocation);
    this.host = {
      device,
      memory: this.memory,
      arena: new Arena(this.memory),
      pipelines: new Pipelines(device, () => void this.counters.pipelines++),
      limits: { ...limits, ...(tunerOf && { tileOf: (shape) => this.tuner!.tileOf(shape) }) },
      fold: (workgroups) => foldWorkgroups(workgroups, limits.maxWorkgroupsPerDimension),
      upload: (block, data) => this.upload(block, toBits(data)),
    };
    this.tuner = tunerOf?.(this.host, this.readback);
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.fail(fromGpuError(event.error));
    });
    this.lost = device.lost.then((info) => {
      if (!this.gone) this.lose(info.message || info.reason || "the reason is unknown");
      return this.closing ? undefined : info.message || info.reason || "unknown";
    });
  }

  allocate(dtype: DType, length: number): DeviceBuffer {
    this.assertThere("allocate");
    const block = this.memory.take(length * bytesOf(dtype), "multiway tensor");
    this.counters.liveBuffers++;
    this.counters.liveBytes += length * bytesOf(dtype);
    return new GpuTensor(this.nextId++, dtype, length, block);
  }

  write(buffer: DeviceBuffer, data: HostArray, offset = 0): void {
    this.assertThere("write");
    const tensor = this.own(buffer, "write");
    const start = offset * bytesOf(tensor.dtype);
    if (!(start >= 0 && start % 4 === 0 && offset + data.length <= tensor.length)) throw new InternalError(`webgpu: elements ${offset} to ${offset + data.length} were written to a buffer of ${tensor.length} ${tensor.dtype}.`);
    // The queue copies what it is handed.
    const bits = toBits(data, this.order.isWaiting);
    const isOdd = tensor.dtype === "f16" && data.length % 2 === 1 && offset + data.length < tensor.length;
    this.order.add(
      isOdd
        ? () => import("./last-half.ts").then(({ writeOdd }) => writeOdd(this.host, tensor.block, start, bits, this.upload))
        : () => this.upload(tensor.block, bits, start),
    );
  }

  read(buffer: DeviceBuffer, offset = 0, length?: number): Promise<HostArray> {
    let tensor: GpuTensor;
    try {
      // Now, and not when its turn comes: the caller may free it meanwhile.
      tensor = this.own(buffer, "read");
    } catch (error) {
      return Promise.reject(this.gone ?? error);
    }
    const { block, dtype, length: all } = tensor;
    return this.after("read", async () => {
      const count = length ?? all - offset;
      if (offset < 0 || count < 0 || offset + count > all) throw new InternalError(`webgpu: elements ${offset} to ${offset + count} were read from a buffer of ${all}.`);
      if (count === 0) return fromBits(dtype, new ArrayBuffer(0));
      // Copies start and end at whole words; half floats may not.
      const size = bytesOf(dtype);
      const start = Math.floor((offset * size) / 4) * 4;
      const end = Math.ceil(((offset + count) * size) / 4) * 4;
      const skip = offset * size - start;
      const bytes = await this.readback.read(block.gpu, block.offset + start, end - start);
      return fromBits(dtype, skip === 0 && count * size === end - start ? bytes : bytes.slice(skip, skip + count * size));
    });
  }

  free(buffer: DeviceBuffer): void {
    if (this.gone) return;
    const tensor = this.own(buffer, "free");
    tensor.freed = true;
    this.counters.liveBuffers--;
    this.counters.liveBytes -= tensor.length * bytesOf(tensor.dtype);
    this.order.add(() => this.memory.give(tensor.block));
  }

  load(program: Program): GpuProgram {
    this.assertThere("load");
    this.counters.programs++;
    const unmeasured = this.tuner?.unmeasured(program) ?? [];
    const measured = unmeasured.length === 0 ? undefined : new Promise<void>((resolve) => this.order.add(() => this.tuner!.measure(unmeasured).then(resolve, resolve)));
    return new GpuProgram(this.nextId++, this.host, program, measured);
  }

  run(program: GpuProgram, bindings: readonly DeviceBuffer[], scalars: Uint32Array): void {
    this.assertThere("run");
    if (bindings.length !== program.numBindings || scalars.length !== program.numScalars) {
      throw new InternalError(`webgpu: program "${program.label}" was given ${bindings.length} of ${program.numBindings} buffers, ${scalars.length} of ${program.numScalars} words.`);
    }
    const blocks = bindings.map((buffer) => this.own(buffer, "run").block);
    const words = scalars.length > 0 ? toBits(scalars, true) : undefined;
    this.order.add(() => (program.isPrepared ? this.start(program, blocks, words) : program.prepared.then(() => this.start(program, blocks, words))));
  }

  private start(program: GpuProgram, blocks: readonly Block[], words: Uint32Array | undefined): Promise<void> | undefined {
    if (program.failure) return void this.fail(program.failure);
    const launches = program.launches(blocks);
    const { error, pending } = GpuProgram.whenCompiled(launches);
    if (error) return void this.fail(error);
    if (pending.length === 0) return this.submit(program, launches, words);
    return Promise.all(pending).then(() => {
      // Again, since a program loaded meanwhile may have moved the arena.
      const current = program.launches(blocks);
      const failed = GpuProgram.whenCompiled(current).error;
      if (failed) return this.fail(failed);
      return this.submit(program, current, words);
    });
  }

  unload(program: GpuProgram): void {
    if (!this.gone) this.order.add(() => (program.isPrepared ? program.release() : program.prepared.then(() => program.release())));
  }

  explain(kernel: Kernel): Promise<KernelExplanation> {
    return explain(kernel, this.host.limits);
  }

  get elapsed(): ((work: () => void) => Promise<number>) | undefined {
    if (!this.device.features.has("timestamp-query")) return undefined;
    return (work) => {
      this.order.add(async () => {
        const { Timestamps } = await import("./timestamps.ts");
        this.timestamps ??= Timestamps.of(this.device, this.readback);
        this.elapsedMs = 0;
      });
      work();
      return this.after("elapsed", () => {
        const ms = this.elapsedMs!;
        this.elapsedMs = undefined;
        return Promise.resolve(ms);
      });
    };
  }

  synchronize(): Promise<void> {
    return this.after("synchronize", () => this.device.queue.onSubmittedWorkDone());
  }

  close(): Promise<void> {
    this.closing ??= new Promise<void>((resolve) => {
      this.order.add(() => {
        // Work in flight is finished first: destroying under it has crashed drivers.
        const idle = this.gone ? Promise.resolve() : this.device.queue.onSubmittedWorkDone().catch(() => undefined);
        return idle.then(async () => {
          this.lose("it was closed");
          this.device.destroy();
          await this.device.lost;
          resolve();
        });
      });
    });
    return this.closing;
  }

  /** @returns what to wait for while passes are timed */
  private submit(program: GpuProgram, launches: readonly Launch[], scalars: Uint32Array | undefined): Promise<void> | undefined {
    // The queue keeps the order of writes and submits, so that one block per program is enough.
    if (scalars) this.upload(program.scalars!, scalars);
    if (launches.length === 0) return undefined;
    const timestamps = this.elapsedMs === undefined ? undefined : this.timestamps;
    for (const { table } of launches) if (table) this.fillTable(table);
    const encoder = this.device.createCommandEncoder();
    // Each dispatch is a usage scope of its own: those that follow see what it wrote.
    const pass = encoder.beginComputePass({ label: program.label, ...(timestamps && { timestampWrites: timestamps.writes }) });
    let current: GPUComputePipeline | undefined;
    for (const { pipeline, group, x, y } of launches) {
      if (pipeline.pipeline !== current) pass.setPipeline((current = pipeline.pipeline!));
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
    pass.end();
    timestamps?.resolve(encoder);
    this.device.queue.submit([encoder.finish()]);
    this.counters.dispatches += launches.length;
    return timestamps?.elapsedMs().then((ms) => void (this.elapsedMs! += ms));
  }

  private fillTable({ memory, words }: NonNullable<Launch["table"]>): void {
    if (memory.words === words) return;
    this.device.queue.writeBuffer(memory.gpu, 0, words as Uint32Array<ArrayBuffer>);
    memory.words = words;
  }

  private readonly upload = (block: Block, bits: Uint32Array, start = 0): void => {
    if (bits.length > 0) this.device.queue.writeBuffer(block.gpu, block.offset + start, bits.buffer as ArrayBuffer, bits.byteOffset, bits.byteLength);
  };

  /** Starts `work` after all that was asked for, and settles with its outcome, the first failure before it, or the device's loss. */
  private after<T>(what: string, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.gone ?? this.closing) return reject(this.gone ?? closed(what));
      this.pending.add(reject);
      const settle = (end: () => void): void => {
        this.pending.delete(reject);
        end();
      };
      this.order.add(() => {
        if (this.gone) return settle(() => reject(this.gone));
        void work().then(
          (value) => settle(() => {
            const failure = this.failure;
            this.failure = undefined;
            if (failure) reject(failure);
            else resolve(value);
          }),
          (error: unknown) => settle(() => {
            // A read of a lost device fails before the loss is announced.
            const failure = this.gone ?? this.failure ?? (MultiwayError.isInstance(error) ? error : undefined);
            this.failure = undefined;
            if (failure) reject(failure);
            else void Promise.race([this.device.lost, pause()]).then(() => reject(this.gone ?? new DeviceError(`webgpu: ${what} failed: ${String(error)}`, { cause: error })));
          }),
        );
      });
    });
  }

  private fail(error: unknown): void {
    this.failure ??= MultiwayError.isInstance(error) ? error : new DeviceError(`webgpu: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }

  private lose(reason: string): void {
    this.gone = new DeviceLostError(`webgpu: the device is gone: ${reason}. Open a new one, and resume from the last checkpoint.`);
    for (const reject of this.pending) reject(this.gone);
    this.pending.clear();
  }

  private assertThere(what: string): void {
    if (this.gone) throw this.gone;
    if (this.closing) throw closed(what);
  }

  private own(buffer: DeviceBuffer, what: string): GpuTensor {
    if (!(buffer instanceof GpuTensor)) throw new InternalError(`webgpu: ${what} was given a buffer of another device.`);
    if (buffer.freed) throw new InternalError(`webgpu: ${what} was given a buffer that had been freed.`);
    return buffer;
  }
}

const closed = (what: string): DeviceLostError => new DeviceLostError(`webgpu: ${what} was called on a device that is closed. Open a new one.`);

/** Two turns of the queue of microtasks are not enough for Dawn to announce a loss; a poll of its events is. */
const pause = (): Promise<void> => new Promise((resolve) => void (globalThis as unknown as { setTimeout: (run: () => void, ms: number) => unknown }).setTimeout(resolve, 20));

function fromGpuError(error: GPUError): MultiwayError {
  const kind = error.constructor.name;
  if (kind === "GPUOutOfMemoryError") {
    return new DeviceError(`webgpu: the device is out of memory: ${error.message} Use smaller batches, recompute activations with checkpoint(), or f16 weights.`, { details: { kind } });
  }
  return new KernelError(`webgpu: the device refused a command: ${error.message}`, { details: { kind } });
}
