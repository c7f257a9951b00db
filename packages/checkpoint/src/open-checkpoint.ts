import { openFile } from "#files";
import { failure, type Place } from "./failure.ts";
import { isFileHandle, nameOf, type ByteSource, type CheckpointSource } from "./files/files.ts";
import { blobSource, bytesSource } from "./files/memory.ts";
import { readSafetensorsHeader } from "./formats/safetensors-read.ts";
import { StoredTensor, type TensorEntry } from "./formats/stored-tensor.ts";

/** A checkpoint whose header has been read and checked, and whose tensors are read one by one. */
export class CheckpointReader implements AsyncDisposable {
  /** What messages call the file. */
  readonly name: string;
  readonly format = "safetensors";
  /** By name, in the file's order. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #source: ByteSource;
  readonly #place: Place;

  constructor(source: ByteSource, place: Place, { entries, metadata }: { entries: readonly TensorEntry[]; metadata: Readonly<Record<string, string>> }) {
    this.name = place.file;
    this.entries = new Map(entries.map((entry) => [entry.name, entry]));
    this.metadata = metadata;
    this.#source = source;
    this.#place = place;
  }

  /** One tensor; nothing else is read. @throws CheckpointError when there is none of this name */
  async read(name: string): Promise<StoredTensor> {
    const entry = this.entries.get(name);
    if (!entry) throw failure(this.#place, `there is no tensor "${name}"; the file has ${this.entries.size}`, "describeCheckpoint lists them.", { details: { name } });
    return new StoredTensor(entry, await this.#source.read(entry.begin, entry.end), this.#place);
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
 * Opens a checkpoint and reads its header, not its tensors.
 *
 * ```ts
 * await using checkpoint = await openCheckpoint("model.safetensors");
 * const weight = await checkpoint.read("head.weight");
 * ```
 *
 * @throws CheckpointError when the file cannot be read or breaks the format
 */
export function openCheckpoint(source: CheckpointSource): Promise<CheckpointReader> {
  return openFor("openCheckpoint", source);
}

/** As {@link openCheckpoint}, on behalf of another function. */
export async function openFor(caller: string, source: CheckpointSource): Promise<CheckpointReader> {
  const place: Place = { caller, file: nameOf(source) };
  const bytes = await openBytes(source, place);
  try {
    await refuseOtherFormats(bytes, place);
    return new CheckpointReader(bytes, place, await readSafetensorsHeader(bytes, place));
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

/** PyTorch's formats begin with a zip's `PK` or a pickle's protocol byte; a page in place of a file begins with `<`. */
async function refuseOtherFormats(source: ByteSource, place: Place): Promise<void> {
  const start = await source.read(0, Math.min(4, source.sizeBytes));
  // As a header's length, whatever has a fourth byte is longer than any that is read.
  if (!start[3]) return;
  if ((start[0] === 0x50 && start[1] === 0x4b) || (start[0] === 0x80 && start[1]! <= 5)) throw failure(place, "this is a PyTorch file; expected safetensors", "Convert it with the Python library safetensors.");
  if (start[0] === 0x3c) throw failure(place, "this is a web page or XML; expected safetensors", "The download went wrong; check the address.");
}
