import { DeviceError, DTypeError, formatShape, formatValue, ShapeError } from "@multiway/errors";
import type { DeviceBackend, DeviceBuffer, DeviceCounters, DeviceFactory, LoadedProgram } from "./backend.ts";
import type { DType, HostArray } from "./dtype.ts";
import { floatToHalf } from "./half.ts";
import { lower, type Lowered, type LowerRequest } from "./lowering/lower.ts";
import { Node, nodeCounter, Storage } from "./node.ts";
import { storedOp } from "./ops/leaves.ts";
import type { Nested } from "./nested.ts";
import { requireShape, sizeOf, type Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** Nested numbers or bools, or a typed array with a shape. */
export type TensorData = Nested | ArrayLike<number>;

export interface TensorOptions {
  /** Needed for typed arrays with more than one axis. */
  shape?: Shape;
  /** Default: by the kind of data — f32 for numbers and Float32Array, i32 for Int32Array, u32 for Uint32Array and Uint8Array, bool for bools, f16 for raw halves in Uint16Array. */
  dtype?: DType;
}

/** How many programs of uncompiled graphs a device keeps. */
const programCacheSize = 256;

/**
 * A place where tensors live and programs run.
 *
 * ```ts
 * const device = await openDevice([webgpu(), wasm()]);
 * const x = device.tensor([[1, 2], [3, 4]]);
 * ```
 */
export class Device {
  readonly backend: DeviceBackend;
  readonly #programs = new Map<string, { lowered: Lowered; loaded: LoadedProgram }>();
  readonly #collected: FinalizationRegistry<DeviceBuffer>;
  #isGone = false;

  constructor(backend: DeviceBackend) {
    this.backend = backend;
    this.#collected = new FinalizationRegistry((buffer) => {
      // A device that is closed or lost has given everything back already, and would throw where nobody can catch it.
      if (!this.#isGone) backend.free(buffer);
    });
    void backend.lost.then(() => (this.#isGone = true));
  }

  /** `webgpu`, `wasm` or `reference`. */
  get name(): string {
    return this.backend.name;
  }
  /** For people: adapter, threads, features. */
  get description(): string {
    return this.backend.description;
  }
  /** What the device has done so far, and how many graph nodes this process has made. */
  get counters(): Readonly<DeviceCounters & { nodes: number }> {
    return { ...this.backend.counters, nodes: nodeCounter.created };
  }

  /**
   * A tensor with the given elements. The data is copied.
   *
   * @throws ShapeError when nested arrays are ragged or a shape does not fit; DTypeError when elements do not fit the dtype
   */
  tensor(data: TensorData, options: TensorOptions = {}): Tensor {
    const { elements, shape, dtype } = toElements(data, options);
    const buffer = this.backend.allocate(dtype, elements.length);
    this.backend.write(buffer, elements);
    return this.adopt(buffer, shape);
  }
  zeros(shape: Shape, options: { dtype?: DType } = {}): Tensor {
    return this.full(shape, 0, options);
  }
  ones(shape: Shape, options: { dtype?: DType } = {}): Tensor {
    return this.full(shape, 1, options);
  }
  /** `value` everywhere. */
  full(shape: Shape, value: number, { dtype = "f32" }: { dtype?: DType } = {}): Tensor {
    requireShape("full", shape);
    return this.tensor(arrayOf(dtype, sizeOf(shape)).fill(dtype === "f16" ? floatToHalf(value) : value), { shape, dtype });
  }

  /** Resolves when all work asked for so far is done. */
  async synchronize(): Promise<void> {
    await this.backend.synchronize();
  }
  /** Gives everything back. Tensors on this device can no longer be used. */
  async close(): Promise<void> {
    this.#isGone = true;
    await this.backend.close();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
  /** Resolves when the device is gone: with the reason, or undefined after {@link Device.close}. */
  get lost(): Promise<string | undefined> {
    return this.backend.lost;
  }

  /** A tensor over device memory. For those who write runtimes. */
  adopt(buffer: DeviceBuffer, shape: Shape): Tensor {
    const node = new Node(storedOp, [], { shape, dtype: buffer.dtype }, [{ shape, dtype: buffer.dtype }], this);
    node.stored[0] = new Storage(this, buffer);
    return new Tensor({ node, output: 0 });
  }
  /** Frees the memory when nothing names it any more. */
  track(storage: Storage, buffer: DeviceBuffer): void {
    this.#collected.register(storage, buffer, storage);
  }
  untrack(storage: Storage): void {
    this.#collected.unregister(storage);
  }
  /** The program for a graph, made at its first use and kept among the last {@link programCacheSize}. */
  programFor(text: string, request: Omit<LowerRequest, "limits" | "fuses">): { lowered: Lowered; loaded: LoadedProgram } {
    const known = this.#programs.get(text);
    if (known) {
      this.#programs.delete(text);
      this.#programs.set(text, known);
      return known;
    }
    const lowered = lower({ ...request, limits: this.backend.limits, fuses: this.backend.fuses });
    const entry = { lowered, loaded: this.backend.load(lowered.program) };
    this.#programs.set(text, entry);
    if (this.#programs.size > programCacheSize) {
      const [oldest, evicted] = this.#programs.entries().next().value!;
      this.#programs.delete(oldest);
      this.backend.unload(evicted.loaded);
    }
    return entry;
  }
}

let wrap: (factory: DeviceFactory) => DeviceFactory = (factory) => factory;

/** From now on {@link openDevice} opens what `wrapper` makes of a factory: for tools that watch every device of a program. */
export function wrapDevices(wrapper: (factory: DeviceFactory) => DeviceFactory): void {
  const inner = wrap;
  wrap = (factory) => wrapper(inner(factory));
}

/**
 * Opens the first device that is to be had.
 *
 * @throws DeviceError naming why each was not
 */
export async function openDevice(factories: DeviceFactory | readonly DeviceFactory[]): Promise<Device> {
  const reasons: string[] = [];
  for (const factory of Array.isArray(factories) ? (factories as readonly DeviceFactory[]) : [factories as DeviceFactory]) {
    const opened = await wrap(factory).open();
    if (!("unavailable" in opened)) return new Device(opened);
    reasons.push(`${factory.name}: ${opened.unavailable}`);
  }
  throw new DeviceError(`openDevice: no device is to be had (${reasons.join("; ") || "none was named"}). Add wasm() to the list: it runs everywhere.`, { details: { reasons } });
}

type Elements = Float32Array | Uint16Array | Int32Array | Uint32Array;

function arrayOf(dtype: DType, length: number): Elements {
  switch (dtype) {
    case "f32":
      return new Float32Array(length);
    case "f16":
      return new Uint16Array(length);
    case "i32":
      return new Int32Array(length);
    default:
      return new Uint32Array(length);
  }
}

/** Elements, shape and dtype of what a user hands in. */
export function toElements(data: TensorData, options: TensorOptions): { elements: HostArray; shape: Shape; dtype: DType } {
  const { values, shape, dtype: found } = ArrayBuffer.isView(data) ? fromTyped(data as unknown as ArrayLike<number>) : fromNested(data as Nested);
  const wanted = options.shape ?? shape;
  requireShape("tensor", wanted);
  if (sizeOf(wanted) !== values.length) {
    throw new ShapeError(`tensor: ${values.length} elements do not fill ${formatShape(wanted)}; expected ${sizeOf(wanted)}.`, { details: { shape: wanted, count: values.length } });
  }
  const dtype = options.dtype ?? found;
  const elements = arrayOf(dtype, values.length);
  if (dtype === "f16" && !(values instanceof Uint16Array)) for (let i = 0; i < values.length; i++) elements[i] = floatToHalf(values[i]!);
  else if (dtype === "bool") for (let i = 0; i < values.length; i++) elements[i] = values[i] ? 1 : 0;
  else if (dtype === "i32" || dtype === "u32") {
    const [low, high] = dtype === "i32" ? [-2147483648, 2147483647] : [0, 4294967295];
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (!(value >= low && value <= high)) throw new DTypeError(`tensor: element ${i} is ${value}; expected ${low} to ${high} for ${dtype}.`, { details: { position: i, value, dtype } });
      elements[i] = Math.trunc(value);
    }
  } else elements.set(values);
  return { elements, shape: wanted, dtype };
}

function fromTyped(data: ArrayLike<number>): { values: ArrayLike<number>; shape: Shape; dtype: DType } {
  const dtype: DType = data instanceof Uint16Array ? "f16" : data instanceof Int32Array || data instanceof Int16Array || data instanceof Int8Array ? "i32" : data instanceof Uint32Array || data instanceof Uint8Array || data instanceof Uint8ClampedArray ? "u32" : "f32";
  return { values: data, shape: [data.length], dtype };
}

function fromNested(data: Nested): { values: number[]; shape: Shape; dtype: DType } {
  const shape: number[] = [];
  for (let level: Nested | undefined = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const values: number[] = [];
  let bools = 0;
  const visit = (level: Nested, axis: number): void => {
    if (axis < shape.length) {
      if (!Array.isArray(level) || level.length !== shape[axis]) {
        throw new ShapeError(`tensor: nested arrays are ragged: axis ${axis} has ${Array.isArray(level) ? `${level.length} elements` : formatValue(level)} in one place and ${shape[axis]} in another; expected equal counts.`);
      }
      for (const item of level) visit(item, axis + 1);
    } else if (typeof level === "boolean") {
      bools++;
      values.push(level ? 1 : 0);
    } else if (typeof level === "number") values.push(level);
    else throw new DTypeError(`tensor: an element is ${formatValue(level)}; expected a number or a boolean.`);
  };
  visit(data, 0);
  return { values, shape, dtype: bools > 0 && bools === values.length ? "bool" : "f32" };
}
