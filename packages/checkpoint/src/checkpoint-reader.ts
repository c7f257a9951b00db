import { formatList } from "@multiway/errors";
import type { Device, Tensor } from "@multiway/tensor";
import { failure, type Place } from "./failure.ts";
import type { Pickled, PickledTensor } from "./formats/pytorch/pickled.ts";
import type { TorchReading } from "./formats/pytorch/torch-reading.ts";
import type { ElementRange, HalfRules, StoredTensor, TensorEntry } from "./formats/stored-tensor.ts";
import { compareNames, type ExpectedTensor, type NameReport } from "./compare-names.ts";
import { readOntoDevice, windowBytes } from "./read-onto-device.ts";

export type CheckpointFormat = "safetensors" | "pytorch";

/** Memory that is used again for one tensor after the other. */
export type Scratch = Uint8Array<ArrayBuffer>;

/** What is known of a checkpoint once its header has been read. */
export interface Contents {
  format: CheckpointFormat;
  entries: readonly TensorEntry[];
  metadata: Readonly<Record<string, string>>;
  torch?: TorchReading;
  /** One of the entries, by identity, or a range of one without strides. Its bytes may lie in the scratch. */
  read(entry: TensorEntry, scratch?: Scratch, range?: ElementRange): Promise<StoredTensor>;
  close(): Promise<void>;
}

/** A checkpoint whose header has been read and checked, and whose tensors are read one by one. */
export class CheckpointReader implements AsyncDisposable {
  /** What messages call the file. */
  readonly name: string;
  readonly format: CheckpointFormat;
  /** By name, in the file's order. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** As the contents know them. */
  readonly #own: ReadonlyMap<string, TensorEntry>;
  readonly #contents: Contents;
  readonly #place: Place;
  readonly #signal: AbortSignal | undefined;
  /** What tensors are read through on their way to a device, one for each that is on its way at the same time. */
  readonly #windows: Scratch[] = [];

  constructor(contents: Contents, place: Place, { prefix = "", signal }: { prefix?: string; signal?: AbortSignal } = {}) {
    this.name = place.file;
    this.format = contents.format;
    this.#own = new Map(contents.entries.filter(({ name }) => name.startsWith(prefix)).map((entry) => [entry.name.slice(prefix.length), entry]));
    this.entries = prefix === "" ? this.#own : new Map([...this.#own].map(([name, entry]) => [name, { ...entry, name }]));
    this.metadata = contents.metadata;
    this.#contents = contents;
    this.#place = place;
    this.#signal = signal;
    if (prefix !== "" && this.entries.size === 0) {
      const names = contents.entries.slice(0, 4).map(({ name }) => name);
      throw failure(place, `no tensor's name begins with ${JSON.stringify(prefix)}; its ${contents.entries.length} tensors are called ${formatList(names)} and so on`, "Name what its names begin with as `prefix`, or leave it out.", { details: { prefix } });
    }
  }

  /** Everything in a PyTorch file, beside the parameters too: the optimizer's state, the epoch, arguments. Undefined for other formats. */
  get objects(): Pickled | undefined {
    return this.#contents.torch?.file.value;
  }

  /**
   * One tensor, by name or as it stands in {@link CheckpointReader.objects}; nothing else is read.
   *
   * @param scratch  memory for its bytes, if they fit, for those who are done with a tensor before they read the next. Default: its own
   * @throws CheckpointError when there is none of this name
   */
  async read(tensor: string | PickledTensor, scratch?: Scratch): Promise<StoredTensor> {
    this.#signal?.throwIfAborted();
    return this.#contents.read(this.#entryOf(tensor), scratch);
  }

  /**
   * One tensor onto a device, in its dtype there (see {@link StoredTensor.dtype}): it is in memory once, and a window of a few megabytes of it.
   *
   * @param options.halves    F16: `keep` it, or `widen` it to f32. Default `keep`
   * @param options.bfloat16  BF16, which devices do not have: `f32` exactly, or `f16` in half the memory, which loses what is smaller than 6e-5 step by step and refuses what is beyond 65504. Default `f32`
   * @throws CheckpointError when there is none of this name, or an element that its dtype cannot hold
   */
  async readOnto(device: Device, tensor: string | PickledTensor, { halves = "keep", bfloat16 = "f32" }: Partial<HalfRules> = {}): Promise<Tensor> {
    const entry = this.#entryOf(tensor);
    const window = this.#windows.pop() ?? new Uint8Array(windowBytes);
    const read = (scratch: Scratch, range?: ElementRange): Promise<StoredTensor> => {
      this.#signal?.throwIfAborted();
      return this.#contents.read(entry, scratch, range);
    };
    try {
      return await readOntoDevice(entry, read, window, device, { halves, bfloat16 });
    } finally {
      this.#windows.push(window);
    }
  }

  #entryOf(tensor: string | PickledTensor): TensorEntry {
    const name = typeof tensor === "string" ? tensor : "";
    const entry = typeof tensor === "string" ? this.#own.get(tensor) : this.#contents.torch?.entryOf(name, tensor);
    if (!entry) throw failure(this.#place, `there is no tensor "${name}"; the file has ${this.entries.size}`, "describeCheckpoint lists them.", { details: { name } });
    return entry;
  }

  /**
   * What fits a model and what does not, from the header alone.
   *
   * @param expected  shapes, and dtypes where they matter, by name: `model.stateDict()` is such a record
   */
  compare(expected: Readonly<Record<string, ExpectedTensor>>): NameReport {
    return compareNames(this.entries, expected);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#contents.close();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
