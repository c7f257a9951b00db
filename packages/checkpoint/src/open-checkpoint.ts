import { isAddress } from "#files";
import { failure, type Place } from "./failure.ts";
import { CheckpointReader, type CheckpointFormat, type Contents, type Scratch } from "./checkpoint-reader.ts";
import { nameOf, type ByteSource, type CheckpointSource, type SourceOptions } from "./files/files.ts";
import { openBytes } from "./files/open-bytes.ts";
import { readSafetensorsHeader } from "./formats/safetensors-read.ts";
import { entryOfRange, StoredTensor, type ElementRange, type TensorEntry } from "./formats/stored-tensor.ts";

export interface OpenOptions extends SourceOptions {
  /** The key of a PyTorch file that holds the tensors; "" for the whole file. Default: `model`, `module` or `state_dict`, whichever is there first, else the whole file. */
  part?: string;
  /** Tensors whose names begin so are taken, without it; others are left out. Default: all, under their own names. */
  prefix?: string;
  /** Where the shards of an index lie that is no file of a folder or an address: `(name) => files.get(name)`. Default: beside the index. */
  shard?: (name: string) => CheckpointSource | undefined;
}

/**
 * Opens a checkpoint, safetensors or PyTorch, and reads what stands in it, not its tensors. An index of shards (`model.safetensors.index.json`), or in Node the folder that holds one, opens them all.
 *
 * Of a PyTorch file (zip or older form) nothing is executed: tensors, numbers, texts and containers are read, and anything else is refused.
 *
 * ```ts
 * await using checkpoint = await openCheckpoint("model.safetensors");
 * const weight = await checkpoint.read("head.weight");
 * ```
 *
 * @throws CheckpointError when the file cannot be read or breaks the format; the signal's reason when it ends the call
 */
export function openCheckpoint(source: CheckpointSource, options: OpenOptions = {}): Promise<CheckpointReader> {
  return openFor("openCheckpoint", source, options);
}

/** As {@link openCheckpoint}, on behalf of another function. */
export async function openFor(caller: string, source: CheckpointSource, options: OpenOptions = {}): Promise<CheckpointReader> {
  const place: Place = { caller, file: nameOf(source) };
  const found = await checkpointIn(source, place);
  const bytes = await openBytes(found, place, options);
  try {
    const format = await formatOf(bytes, place);
    if (format !== "index") return new CheckpointReader(await contentsOf(bytes, format, place, options), place, options);
    const { openShards } = await import("./formats/shards/open-shards.ts");
    const contents = await openShards(bytes, found, place, options, (shard, shardPlace) => openShard(shard, shardPlace, options));
    await bytes.close();
    return new CheckpointReader(contents, place, options);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openShard(source: CheckpointSource, place: Place, options: OpenOptions): Promise<Contents> {
  const bytes = await openBytes(source, place, options);
  try {
    const format = await formatOf(bytes, place);
    if (format === "index") throw failure(place, "this is an index of shards, named as a shard by another", "Write the checkpoint anew.");
    return await contentsOf(bytes, format, place, options);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** In Node: what a folder holds under one of the usual names. */
async function checkpointIn(source: CheckpointSource, place: Place): Promise<CheckpointSource> {
  if ((typeof source !== "string" && !(source instanceof URL)) || isAddress(String(source))) return source;
  return (await import("./formats/shards/in-folder.ts")).checkpointIn(source, place);
}

async function contentsOf(source: ByteSource, format: CheckpointFormat, place: Place, { part }: OpenOptions): Promise<Contents> {
  const close = () => source.close();
  const reading = (bytesOf: (entry: TensorEntry, scratch?: Scratch) => Promise<Uint8Array>) => async (entry: TensorEntry, scratch?: Scratch, range?: ElementRange) => {
    const wanted = range ? entryOfRange(entry, range) : entry;
    return new StoredTensor(wanted, await bytesOf(wanted, scratch), place, range?.from);
  };
  if (format === "safetensors") {
    const { entries, metadata } = await readSafetensorsHeader(source, place);
    return { format, entries, metadata, read: reading(({ begin, end }, scratch) => source.read(begin, end, scratch)), close };
  }
  // Who only ever reads safetensors does not load it.
  const { TorchReading } = await import("./formats/pytorch/torch-reading.ts");
  const torch = await TorchReading.of(source, place);
  return { format, entries: torch.entries(part), metadata: {}, torch, read: reading((entry, scratch) => torch.read(entry, scratch)), close };
}

/** By the first bytes: a zip's `PK` or a pickle's protocol byte are PyTorch's, a brace is an index's. */
async function formatOf(source: ByteSource, place: Place): Promise<CheckpointFormat | "index"> {
  const start = await source.read(0, Math.min(4, source.sizeBytes));
  // As a header's length, whatever has a fourth byte is longer than any that safetensors may have.
  if (!start[3]) return "safetensors";
  // A page in place of a file.
  if (start[0] === 0x3c) throw failure(place, "this is a web page or XML; expected a checkpoint", "The download went wrong; check the address.");
  if (/^\s*\{/.test(String.fromCharCode(...start))) return "index";
  return (start[0] === 0x50 && start[1] === 0x4b) || (start[0] === 0x80 && start[1]! <= 5) ? "pytorch" : "safetensors";
}
