import { formatList } from "@multiway/errors";
import { failure, type Place } from "./failure.ts";
import type { Pickled, PickledTensor } from "./formats/pytorch/pickled.ts";
import type { TorchReading } from "./formats/pytorch/torch-reading.ts";
import type { StoredTensor, TensorEntry } from "./formats/stored-tensor.ts";
import { compareNames, type ExpectedTensor, type NameReport } from "./compare-names.ts";

export type CheckpointFormat = "safetensors" | "pytorch";

/** Memory that is used again for one tensor after the other. */
export type Scratch = Uint8Array<ArrayBuffer>;

/** What is known of a checkpoint once its header has been read. */
export interface Contents {
  format: CheckpointFormat;
  entries: readonly TensorEntry[];
  metadata: Readonly<Record<string, string>>;
  torch?: TorchReading;
  /** One of the entries, by identity. Its bytes may lie in the scratch. */
  read(entry: TensorEntry, scratch?: Scratch): Promise<StoredTensor>;
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
    const name = typeof tensor === "string" ? tensor : "";
    const entry = typeof tensor === "string" ? this.#own.get(tensor) : this.#contents.torch?.entryOf(name, tensor);
    if (!entry) throw failure(this.#place, `there is no tensor "${name}"; the file has ${this.entries.size}`, "describeCheckpoint lists them.", { details: { name } });
    return this.#contents.read(entry, scratch);
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
