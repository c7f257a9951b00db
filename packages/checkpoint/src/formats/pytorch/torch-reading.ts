import type { Place } from "../../failure.ts";
import type { ByteSource } from "../../files/files.ts";
import type { TensorEntry } from "../stored-tensor.ts";
import type { PickledTensor } from "./pickled.ts";
import { readTorchLegacy, readTorchZip, type TorchFile } from "./torch-file.ts";
import { checkTotal, entryOf, gatherStrided, partOf, tensorsIn } from "./torch-tensors.ts";

/** A PyTorch file whose objects have been read. */
export class TorchReading {
  readonly file: TorchFile;
  readonly #source: ByteSource;
  readonly #place: Place;

  private constructor(file: TorchFile, source: ByteSource, place: Place) {
    this.file = file;
    this.#source = source;
    this.#place = place;
  }

  /** Reads a file in either of its forms, zip or the older one. */
  static async of(source: ByteSource, place: Place): Promise<TorchReading> {
    const [first] = await source.read(0, 1);
    return new TorchReading(await (first === 0x50 ? readTorchZip(source, place) : readTorchLegacy(source, place)), source, place);
  }

  /** All tensors of a part of the file: see {@link partOf}. */
  entries(part: string | undefined): TensorEntry[] {
    const entries = tensorsIn(partOf(this.file.value, part, this.#place), this.#place).map(({ path, tensor }) => this.entryOf(path.join("."), tensor));
    checkTotal(entries, this.#source.sizeBytes, this.#place);
    return entries;
  }

  entryOf(name: string, tensor: PickledTensor): TensorEntry {
    return entryOf(name, tensor, this.file, this.#place);
  }

  /** The bytes of a tensor in row-major order. */
  async read({ strides, storage, ...entry }: TensorEntry, scratch?: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    if (entry.begin === entry.end) return new Uint8Array();
    const begin = await this.file.storages.get(storage!)!.begin();
    const bytes = await this.#source.read(begin + entry.begin, begin + entry.end, scratch);
    return strides ? gatherStrided(bytes, { ...entry, strides }) : bytes;
  }
}
