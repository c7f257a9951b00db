import { formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import type { ByteSource } from "../../files/files.ts";
import { elementTypes, type ElementType } from "../element-types.ts";
import type { KnownClass } from "./known-classes.ts";
import { PickleEnded, readPickle } from "./pickle-read.ts";
import type { Pickled, Storage } from "./pickled.ts";
import { beginOf, readEntry, readZipDirectory } from "./zip-directory.ts";

/** Where a storage lies in a file. */
export interface StoragePlace {
  /** About where, which is enough to read storages in order. */
  near: number;
  /** Where exactly, once what stands before it has been read and checked. */
  begin(): Promise<number>;
}

/** A file that `torch.save` has written: its objects, and where each storage's bytes lie, by its key. */
export interface TorchFile {
  value: Pickled;
  storages: ReadonlyMap<string, StoragePlace>;
}

const getAnew = "The file is damaged or was cut short; get a new copy and compare its size.";
/** Of the pickle that describes a file's objects; tensors lie elsewhere. */
const maxPickleBytes = 256 * 2 ** 20;

/** The zip archive that `torch.save` writes since 1.6: `NAME/data.pkl`, and `NAME/data/KEY` for each storage. */
export async function readTorchZip(source: ByteSource, place: Place): Promise<TorchFile> {
  const entries = await readZipDirectory(source, place);
  const pickles = [...entries.keys()].filter((name) => /^([^/]+\/)?data\.pkl$/.test(name));
  if (pickles.length !== 1) throw failure(place, `this zip archive holds ${pickles.length === 0 ? "no" : pickles.length} data.pkl; expected one, as torch.save writes it`, "If the checkpoint was packed into an archive, unpack it first.");
  const folder = pickles[0]!.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order && new TextDecoder().decode(await readEntry(source, order, place, 16)) === "big") throw failure(place, "its numbers are big-endian; expected little-endian", "Save it again on a usual machine.");

  const pickle = entries.get(pickles[0]!)!;
  if (pickle.sizeBytes > maxPickleBytes) throw failure(place, `its data.pkl has ${pickle.sizeBytes} bytes; at most ${maxPickleBytes} are read`, "Save the parameters alone.");
  const described = new Storages(place);
  const { value } = whole(place, await readEntry(source, pickle, place), 0, described);
  const storages = new Map<string, StoragePlace>();
  for (const storage of described.all) {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (!entry) throw failure(place, `there is no ${formatValue(`data/${storage.key}`)} in it, which its tensors refer to`, getAnew);
    if (bytesOf(storage) > entry.sizeBytes) throw failure(place, `${formatValue(`data/${storage.key}`)} in it has ${entry.sizeBytes} bytes; expected ${bytesOf(storage)}`, getAnew);
    storages.set(storage.key, { near: entry.leastBegin, begin: once(() => beginOf(source, entry, place)) });
  }
  return { value, storages };
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}

const magic = 0x1950a86a20f9469cfc6cn;
const legacyProtocol = 1001;

/** The older form: five pickles (magic number, protocol, system, objects, keys of storages), then each storage's length and bytes. */
export async function readTorchLegacy(source: ByteSource, place: Place): Promise<TorchFile> {
  const described = new Storages(place);
  const stream = new PickleStream(source, place, described);
  if ((await stream.next()) !== magic) throw failure(place, "this is a pickle, but not one that torch.save has written", "Save the parameters with torch.save.");
  const protocol = await stream.next();
  if (protocol !== legacyProtocol) throw failure(place, `its form has number ${formatValue(protocol)}; expected ${legacyProtocol}`, "Load it in PyTorch and save it again.");
  const system = await stream.next();
  if (system instanceof Map && system.get("little_endian") === false) throw failure(place, "its numbers are big-endian; expected little-endian", "Save it again on a usual machine.");
  const value = (await stream.next()) as Pickled;
  const keys = await stream.next();
  if (!Array.isArray(keys)) throw failure(place, "the list of its storages is missing", getAnew);

  const storages = new Map<string, StoragePlace>();
  let { position } = stream;
  for (const key of keys as unknown[]) {
    const storage = described.get(String(key));
    if (!storage) throw failure(place, `storage ${formatValue(key)} is listed, but no tensor refers to it`, getAnew);
    const near = position + 8;
    storages.set(storage.key, { near, begin: once(() => checkedBegin(source, storage, near, place)) });
    position = near + bytesOf(storage);
    if (position > source.sizeBytes) throw failure(place, `storage ${formatValue(key)} ends at byte ${position}; the file has ${source.sizeBytes}`, getAnew);
  }
  for (const { key } of described.all) if (!storages.has(key)) throw failure(place, `storage ${formatValue(key)} is not in the file`, getAnew);
  return { value, storages };
}

/** A storage's own count of its elements stands before it. */
async function checkedBegin(source: ByteSource, { key, length }: Storage, begin: number, place: Place): Promise<number> {
  const header = await source.read(begin - 8, begin);
  const counted = new DataView(header.buffer, header.byteOffset, 8).getBigInt64(0, true);
  if (counted !== BigInt(length)) throw failure(place, `storage ${formatValue(key)} has ${counted} elements; its tensors expect ${length}`, getAnew);
  return begin;
}

const bytesOf = ({ type, length }: Storage): number => length * (type ? elementTypes[type].sizeBytes : 1);

/** The storages that persistent ids of a file name. */
class Storages {
  readonly #place: Place;
  readonly #byKey = new Map<string, Storage>();

  constructor(place: Place) {
    this.#place = place;
  }

  get all(): Iterable<Storage> {
    return this.#byKey.values();
  }
  get(key: string): Storage | undefined {
    return this.#byKey.get(key);
  }

  /** `("storage", class, key, location, length)`; the older form has a sixth part, for storages that are views of others. */
  readonly resolve = (id: unknown): Storage => {
    const [kind, of, key, , length, view] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind !== "storage" || typeof key !== "string" || !Number.isSafeInteger(length) || (length as number) < 0) throw failure(this.#place, "its pickle refers to something that is no storage", getAnew);
    if (view !== undefined && view !== null) throw failure(this.#place, "it was written by a PyTorch before 0.4, with views of storages", "Load it in PyTorch and save it again.");
    const type: ElementType | undefined = (of as KnownClass | undefined)?.type;
    const known = this.#byKey.get(key);
    if (known) {
      if (known.type !== type || known.length !== length) throw failure(this.#place, `storage ${formatValue(key)} is described in two ways`, getAnew);
      return known;
    }
    const storage: Storage = { key, type, length: length as number };
    this.#byKey.set(key, storage);
    return storage;
  };
}

/** A pickle of which all bytes are at hand. */
function whole(place: Place, bytes: Uint8Array, begin: number, storages: Storages): { value: Pickled; end: number } {
  try {
    return readPickle(bytes, place, { begin, persistent: storages.resolve });
  } catch (error) {
    if (error instanceof PickleEnded) throw failure(place, "its pickle ends too early", getAnew);
    throw error;
  }
}

/** Pickles behind each other. None says how long it is, so more of the file is read until one is whole. */
class PickleStream {
  position = 0;
  readonly #source: ByteSource;
  readonly #place: Place;
  readonly #storages: Storages;
  #window = 256 * 1024;

  constructor(source: ByteSource, place: Place, storages: Storages) {
    this.#source = source;
    this.#place = place;
    this.#storages = storages;
  }

  async next(): Promise<unknown> {
    for (; ; this.#window *= 4) {
      const end = Math.min(this.#source.sizeBytes, this.position + this.#window);
      const bytes = await this.#source.read(this.position, end);
      try {
        const read = readPickle(bytes, this.#place, { persistent: this.#storages.resolve });
        this.position += read.end;
        return read.value;
      } catch (error) {
        if (!(error instanceof PickleEnded)) throw error;
        if (end === this.#source.sizeBytes) throw failure(this.#place, "its pickle ends too early", getAnew);
        if (this.#window >= maxPickleBytes) throw failure(this.#place, `its pickle has more than ${this.#window} bytes`, "Save the parameters alone.");
      }
    }
  }
}
