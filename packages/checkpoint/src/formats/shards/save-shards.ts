import { filesIn, openFile, removeFile, replaceFile } from "#files";
import { formatValue, OptionError } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import { isFileHandle, type CheckpointTarget, type WriteBytes } from "../../files/files.ts";
import { beside } from "./in-folder.ts";
import { maxIndexBytes, parseShardIndex } from "./shard-index.ts";

type Write = (writeBytes: WriteBytes) => Promise<void>;

interface ShardPlan {
  /** Bytes of each tensor by its name, in the order in which they are written. */
  sizes: ReadonlyMap<string, number>;
  metadata: Readonly<Record<string, string>>;
  maxShardBytes: number;
  place: Place;
}

/**
 * Writes shards, and when all are on the disk the index that names them: until then the old index, and the shards that it names, are as they were.
 *
 * @param plan  makes ready to write the tensors of one shard
 */
export async function saveShards(target: CheckpointTarget, { sizes, metadata, maxShardBytes, place }: ShardPlan, plan: (names: readonly string[]) => Promise<Write>): Promise<void> {
  if (!(maxShardBytes > 0)) throw new OptionError(`saveCheckpoint: maxShardBytes is ${formatValue(maxShardBytes)}; expected a number of bytes above 0.`);
  if (isFileHandle(target)) throw failure(place, "a file handle has no files beside it for its shards", "Leave `maxShardBytes` out, or save one handle per shard.");
  const shards = split(sizes, maxShardBytes);
  const index = beside(target, `${fileName(target)}.index.json`);
  const names = freeNames(fileName(target), shards.length, (await filesIn(beside(target, "."))) ?? []);
  const old = await shardsOf(index, place);
  const written: string[] = [];
  try {
    for (const [number, tensors] of shards.entries()) {
      const write = await plan(tensors);
      written.push(names[number]!);
      await replaceFile(beside(target, names[number]!), write, { ...place, file: names[number]! });
    }
    const map = shards.flatMap((tensors, number) => tensors.map((tensor) => [tensor, names[number]!] as const));
    const content = { metadata: { ...metadata, total_size: [...sizes.values()].reduce((sum, size) => sum + size, 0) }, weight_map: Object.fromEntries(map) };
    await replaceFile(index, (writeBytes) => writeBytes(new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`)), place);
  } catch (error) {
    for (const name of written) await removeFile(beside(target, name));
    throw error;
  }
  const ours = new RegExp(`^${baseOf(fileName(target)).map((part) => part.replace(/[^\w-]/g, "\\$&")).join("(-[0-9a-f]{8})?-\\d{5}-of-\\d{5}")}$`);
  for (const name of old) if (!names.includes(name) && ours.test(name)) await removeFile(beside(target, name));
}

/** `model.safetensors`, whether that or its index is named. */
const fileName = (target: URL | string): string => decodeURIComponent((target instanceof URL ? target.pathname : target).split(/[/\\]/).at(-1)!).replace(/\.index\.json$/, "");

const baseOf = (name: string): [string, string] => {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
};

/** As others name shards; with a mark of their own where such files are there already, which an index may name. */
function freeNames(name: string, count: number, taken: readonly string[]): string[] {
  const [base, end] = baseOf(name);
  const all = (mark: string): string[] => Array.from({ length: count }, (_, index) => `${base}${mark}-${String(index + 1).padStart(5, "0")}-of-${String(count).padStart(5, "0")}${end}`);
  const plain = all("");
  return plain.some((one) => taken.includes(one)) ? all(`-${crypto.randomUUID().slice(0, 8)}`) : plain;
}

function split(sizes: ReadonlyMap<string, number>, maxShardBytes: number): string[][] {
  const shards: string[][] = [[]];
  let filled = 0;
  for (const [name, size] of sizes) {
    if (filled > 0 && filled + size > maxShardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(name);
    filled += size;
  }
  return shards;
}

/** The files that an index names; none when it is not there, or none that can be read. */
async function shardsOf(index: URL | string, place: Place): Promise<string[]> {
  const source = await openFile(index, place).catch(() => undefined);
  try {
    if (!source || source.sizeBytes > maxIndexBytes) return [];
    return [...parseShardIndex(await source.read(0, source.sizeBytes), place).shards.keys()];
  } catch {
    return [];
  } finally {
    await source?.close();
  }
}
