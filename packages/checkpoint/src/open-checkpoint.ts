import { openFile } from "#files";
import { failure, type Place } from "./failure.ts";
import { isFileHandle, nameOf, type ByteSource, type CheckpointSource } from "./files/files.ts";
import { blobSource, bytesSource } from "./files/memory.ts";
import type { Pickled, PickledTensor } from "./formats/pytorch/pickled.ts";
import { readTorchLegacy, readTorchZip, type TorchFile } from "./formats/pytorch/torch-file.ts";
import { entryOf, gatherStrided, partOf, tensorsIn } from "./formats/pytorch/torch-tensors.ts";
import { readSafetensorsHeader } from "./formats/safetensors-read.ts";
import { StoredTensor, type TensorEntry } from "./formats/stored-tensor.ts";

export type CheckpointFormat = "safetensors" | "pytorch";

export interface OpenOptions {
  /** The key of a PyTorch file that holds the tensors; "" for the whole file. Default: `model`, `module` or `state_dict`, whichever is there first, else the whole file. */
  part?: string;
}

/** What is known of a checkpoint once its header has been read. */
interface Contents {
  format: CheckpointFormat;
  entries: readonly TensorEntry[];
  metadata: Readonly<Record<string, string>>;
  torch?: TorchFile;
}

/** A checkpoint whose header has been read and checked, and whose tensors are read one by one. */
export class CheckpointReader implements AsyncDisposable {
  /** What messages call the file. */
  readonly name: string;
  readonly format: CheckpointFormat;
  /** By name, in the file's order. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #source: ByteSource;
  readonly #place: Place;
  readonly #torch: TorchFile | undefined;

  constructor(source: ByteSource, place: Place, { format, entries, metadata, torch }: Contents) {
    this.name = place.file;
    this.format = format;
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.metadata = metadata;
    this.#source = source;
    this.#place = place;
    this.#torch = torch;
  }

  /** Everything in a PyTorch file, beside the parameters too: the optimizer's state, the epoch, arguments. Undefined for other formats. */
  get objects(): Pickled | undefined {
    return this.#torch?.value;
  }

  /** One tensor, by name or as it stands in {@link CheckpointReader.objects}; nothing else is read. @throws CheckpointError when there is none of this name */
  async read(tensor: string | PickledTensor): Promise<StoredTensor> {
    const name = typeof tensor === "string" ? tensor : "";
    const entry = typeof tensor === "string" ? this.entries.get(tensor) : this.#torch && entryOf(name, tensor, this.#torch, this.#place);
    if (!entry) throw failure(this.#place, `there is no tensor "${name}"; the file has ${this.entries.size}`, "describeCheckpoint lists them.", { details: { name } });
    const { strides } = entry;
    const bytes = await this.#source.read(entry.begin, entry.end);
    return new StoredTensor(entry, strides ? gatherStrided(bytes, { ...entry, strides }) : bytes, this.#place);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#source.close();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Opens a checkpoint, safetensors or PyTorch, and reads what stands in it, not its tensors.
 *
 * Of a PyTorch file (zip or older form) nothing is executed: tensors, numbers, texts and containers are read, and anything else is refused.
 *
 * ```ts
 * await using checkpoint = await openCheckpoint("model.safetensors");
 * const weight = await checkpoint.read("head.weight");
 * ```
 *
 * @throws CheckpointError when the file cannot be read or breaks the format
 */
export function openCheckpoint(source: CheckpointSource, options: OpenOptions = {}): Promise<CheckpointReader> {
  return openFor("openCheckpoint", source, options);
}

/** As {@link openCheckpoint}, on behalf of another function. */
export async function openFor(caller: string, source: CheckpointSource, { part }: OpenOptions = {}): Promise<CheckpointReader> {
  const place: Place = { caller, file: nameOf(source) };
  const bytes = await openBytes(source, place);
  try {
    const torch = await readTorch(bytes, place);
    if (!torch) return new CheckpointReader(bytes, place, { format: "safetensors", ...(await readSafetensorsHeader(bytes, place)) });
    const entries = tensorsIn(partOf(torch.value, part, place), place).map(({ path, tensor }) => entryOf(path.join("."), tensor, torch, place));
    return new CheckpointReader(bytes, place, { format: "pytorch", entries, metadata: {}, torch });
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openBytes(source: CheckpointSource, place: Place): Promise<ByteSource> {
  if (source instanceof Uint8Array) return bytesSource(source);
  if (source instanceof Blob) return blobSource(source);
  if (isFileHandle(source)) return blobSource(await source.getFile());
  return openFile(source, place);
}

/** The objects of a PyTorch file, which begins with a zip's `PK` or a pickle's protocol byte; undefined for safetensors. */
async function readTorch(source: ByteSource, place: Place): Promise<TorchFile | undefined> {
  const start = await source.read(0, Math.min(4, source.sizeBytes));
  // As a header's length, whatever has a fourth byte is longer than any that safetensors may have.
  if (!start[3]) return undefined;
  if (start[0] === 0x50 && start[1] === 0x4b) return readTorchZip(source, place);
  if (start[0] === 0x80 && start[1]! <= 5) return readTorchLegacy(source, place);
  // A page in place of a file.
  if (start[0] === 0x3c) throw failure(place, "this is a web page or XML; expected a checkpoint", "The download went wrong; check the address.");
  return undefined;
}
