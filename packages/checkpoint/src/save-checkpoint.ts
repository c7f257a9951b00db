import { CheckpointError } from "@multiway/errors";
import { floatToHalf, Tensor, type DType, type HostArray } from "@multiway/tensor";
import { failure, type Place } from "./failure.ts";
import { nameOf, type CheckpointTarget, type WriteBytes } from "./files/files.ts";
import { replaceTarget } from "./files/replace-target.ts";
import { bytesOfElements, sizeBytes, type Elements, type ElementType } from "./formats/element-types.ts";
import { checkedType, planSafetensors, type HostTensor, type LazyTensor, type PlannedTensor } from "./formats/safetensors-write.ts";
import type { CheckpointFormat } from "./checkpoint-reader.ts";

/** What each dtype is written as. */
const elementTypeOfDType: Readonly<Record<DType, ElementType>> = { f32: "F32", f16: "F16", i32: "I32", u32: "U32", bool: "BOOL" };

export interface SaveOptions {
  /** Default: by the name's end; `.pth`, `.pt` and `.bin` are PyTorch's, anything else is safetensors. */
  format?: CheckpointFormat;
  /** The key of a PyTorch file under which the tensors stand; "" for none. Default `model`, as microsoft/unilm: beit3/utils.py reads and writes it. */
  part?: string;
  /** Splits the tensors over files of at most so many bytes each, a larger tensor having its own, and writes an index to them, `model.safetensors.index.json` beside `model.safetensors`, which is not written itself. In Node. Default: one file. */
  maxShardBytes?: number;
}

/** What is written: tensors of a device, or of the host, at hand or read when their turn comes. */
export type SavedTensors = Readonly<Record<string, Tensor | HostTensor | LazyTensor>>;

/**
 * Writes tensors to a safetensors or PyTorch file, all or nothing: to a temporary file beside it, which takes its name once it is whole and on the disk.
 * Whatever fails, a full disk, a crash, leaves the old file as it was.
 *
 * Tensors are read from their device one after the other. PyTorch's file is the zip form; `torch.load(path, weights_only=True)` takes it. It has no unsigned integers beyond
 * 8 bits: they become int64.
 *
 * ```ts
 * await saveCheckpoint("model.safetensors", model.stateDict(), { preset: "base", step: String(step) });
 * await saveCheckpoint("model.pth", model.stateDict());
 * ```
 *
 * @param target    in Node a path; in pages a `FileSystemFileHandle`
 * @param metadata  texts to go with them; in a PyTorch file beside the part that holds the tensors
 * @throws CheckpointError naming path, cause and remedy
 */
export async function saveCheckpoint(target: CheckpointTarget, tensors: SavedTensors, metadata: Readonly<Record<string, string>> = {}, options: SaveOptions = {}): Promise<void> {
  const place: Place = { caller: "saveCheckpoint", file: nameOf(target) };
  const { format = /\.(pth?|bin)(\.index\.json)?$/.test(place.file) ? "pytorch" : "safetensors" } = options;
  if (options.maxShardBytes !== undefined) {
    const { saveShards } = await import("./formats/shards/save-shards.ts");
    const sizes = new Map(Object.entries(tensors).map(([name, tensor]) => [name, sizeBytes(typeOf(place.caller, name, tensor), tensor.shape)]));
    // In shards of PyTorch the tensors stand alone.
    await saveShards(target, { sizes, metadata, maxShardBytes: options.maxShardBytes, place }, (names) => planShard(place, format, Object.fromEntries(names.map((name) => [name, tensors[name]!]))));
    return;
  }
  const write = format === "pytorch" ? await planTorch(place, tensors, metadata, options) : planSafe(place, tensors, metadata);
  await replaceTarget(target, write, place);
}

type Tensors = SavedTensors;
type Write = (writeBytes: WriteBytes) => Promise<void>;

const planShard = async (place: Place, format: CheckpointFormat, tensors: Tensors): Promise<Write> => (format === "pytorch" ? planTorch(place, tensors, {}, { part: "" }) : planSafe(place, tensors, {}));

function planSafe({ caller }: Place, tensors: Tensors, metadata: Readonly<Record<string, string>>): Write {
  const names = Object.entries(tensors).map(([name, tensor]) => ({ name, shape: tensor.shape, type: typeOf(caller, name, tensor) }));
  const { header, order } = planSafetensors(caller, names, metadata);
  return async (writeBytes) => {
    await writeBytes(header);
    for (const planned of order) await writeBytes(await bytesOf(tensors[planned.name]!, planned));
  };
}

async function planTorch(place: Place, tensors: Tensors, metadata: Readonly<Record<string, string>>, { part = "model" }: SaveOptions): Promise<Write> {
  if (part === "" && Object.keys(metadata).length > 0) throw failure(place, "there are texts to be written beside the tensors, but no part to hold those", "Name a part, such as \"model\", or leave the texts out.");
  if (part !== "" && part in metadata) throw failure(place, `the part and a text are both called ${JSON.stringify(part)}`, "Rename the text.");
  const { pickleStateDict, storageClasses, ZipWriter } = await import("./formats/pytorch/write.ts");
  const planned = Object.entries(tensors).map(([name, tensor]): PlannedTensor => {
    const own = typeOf(place.caller, name, tensor);
    const type = storageClasses[own] ? own : "I64";
    return { name, type, shape: tensor.shape, sizeBytes: sizeBytes(type, tensor.shape) };
  });
  return async (writeBytes) => {
    const zip = new ZipWriter(writeBytes);
    const text = (value: string) => new TextEncoder().encode(value);
    await zip.add("archive/data.pkl", pickleStateDict(part, planned, metadata));
    await zip.add("archive/byteorder", text("little"));
    for (const [key, tensor] of planned.entries()) await zip.add(`archive/data/${key}`, await bytesOf(tensors[tensor.name]!, tensor));
    await zip.add("archive/version", text("3\n"));
    await zip.finish();
  };
}

const typeOf = (caller: string, name: string, tensor: Tensors[string]): ElementType => (tensor instanceof Tensor ? elementTypeOfDType[tensor.dtype] : "read" in tensor ? tensor.type : checkedType(caller, name, tensor));

async function bytesOf(tensor: Tensors[string], { name, type, sizeBytes: expected }: PlannedTensor): Promise<Uint8Array> {
  const elements = tensor instanceof Tensor ? toElements(await tensor.data(), tensor.dtype) : "read" in tensor ? await tensor.read() : tensor.data;
  const isWidened = type === "I64" && !(elements instanceof BigInt64Array);
  const bytes = bytesOfElements(type, isWidened ? BigInt64Array.from(elements as Uint32Array, (value) => BigInt(value)) : elements);
  if (bytes.length !== expected) throw new CheckpointError(`saveCheckpoint: "${name}" changed its size while it was written: ${bytes.length} bytes; ${expected} were announced.`, { details: { name } });
  return bytes;
}

/** As the file holds it: halves as bits again, the float64 device's numbers rounded to f32, bools in one byte. */
function toElements(data: HostArray, dtype: DType): Elements {
  if (dtype === "f16") return Uint16Array.from(data, floatToHalf);
  if (dtype === "bool") return Uint8Array.from(data, (value) => (value ? 1 : 0));
  return dtype === "f32" && data instanceof Float64Array ? Float32Array.from(data) : data;
}
