import { formatList, formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";
import type { Contents } from "../../checkpoint-reader.ts";
import type { ByteSource, CheckpointSource } from "../../files/files.ts";
import type { TensorEntry } from "../stored-tensor.ts";
import { beside } from "./in-folder.ts";
import { maxIndexBytes, parseShardIndex } from "./shard-index.ts";

type OpenShard = (source: CheckpointSource, place: Place) => Promise<Contents>;

/** All shards of an index as one checkpoint: each must hold the tensors that the index says, and no others. */
export async function openShards(index: ByteSource, source: CheckpointSource, place: Place, { shard }: { shard?: (name: string) => CheckpointSource | undefined }, open: OpenShard): Promise<Contents> {
  if (index.sizeBytes > maxIndexBytes) throw failure(place, `it begins as an index of shards and has ${index.sizeBytes} bytes; at most ${maxIndexBytes} are read`, "Is it a checkpoint?");
  const { shards, metadata } = parseShardIndex(await index.read(0, index.sizeBytes), place);
  const opened: Contents[] = [];
  const owners = new Map<TensorEntry, { contents: Contents; own: TensorEntry }>();
  const close = async () => {
    for (const contents of opened) await contents.close();
  };
  try {
    // Shards follow each other, as in one file.
    let before = 0;
    for (const [file, names] of shards) {
      const contents = await open(sourceOf(file, source, shard, place), { ...place, file });
      opened.push(contents);
      checkNames(contents, names, file, place);
      let end = before;
      for (const own of contents.entries) {
        owners.set({ ...own, near: before + own.near }, { contents, own });
        end = Math.max(end, before + own.near + own.end - own.begin);
      }
      before = end;
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    format: opened[0]?.format ?? "safetensors",
    entries: [...owners.keys()],
    metadata,
    async read(entry, scratch, range) {
      const { contents, own } = owners.get(entry)!;
      return contents.read(own, scratch, range);
    },
    close,
  };
}

function sourceOf(file: string, index: CheckpointSource, shard: ((name: string) => CheckpointSource | undefined) | undefined, place: Place): CheckpointSource {
  const named = shard?.(file);
  if (named !== undefined) return named;
  if (typeof index === "string" || index instanceof URL) return beside(index, file);
  throw failure(place, `its shard ${formatValue(file)} is not at hand`, "Pass `shard`, a function that gives each shard by its name, or name the index by its path or address.", { details: { shard: file } });
}

function checkNames({ entries }: Contents, expected: ReadonlySet<string>, file: string, place: Place): void {
  const given = new Set(entries.map(({ name }) => name));
  const missing = [...expected].filter((name) => !given.has(name));
  const unexpected = [...given].filter((name) => !expected.has(name));
  if (missing.length + unexpected.length === 0) return;
  const parts = [missing.length > 0 ? `lacks ${formatList(missing)}` : "", unexpected.length > 0 ? `holds ${formatList(unexpected)}, too` : ""].filter(Boolean);
  throw failure(place, `by this index ${formatValue(file)} holds ${expected.size} tensors; it ${parts.join(" and ")}`, "Index and shards are of different checkpoints; get them anew, together.", { details: { shard: file, missing, unexpected } });
}
