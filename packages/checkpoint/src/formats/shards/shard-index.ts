import { formatValue } from "@multiway/errors";
import { failure, type Place } from "../../failure.ts";

/** What an index of shards says, as transformers of Python writes it: `{"metadata": …, "weight_map": {"name": "file"}}`. */
export interface ShardIndex {
  metadata: Record<string, string>;
  /** Names of tensors by the file that holds them. */
  shards: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What 100,000 tensors take. */
export const maxIndexBytes = 16 * 2 ** 20;
const maxShards = 10_000;
const notOurs = "Is it an index of shards, as model.safetensors.index.json is? It may be damaged; get a new copy.";

export function parseShardIndex(bytes: Uint8Array, place: Place): ShardIndex {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw failure(place, `it begins as JSON, and is none (${(cause as Error).message})`, notOurs, { cause });
  }
  const { metadata = {}, weight_map: map } = parsed as { metadata?: unknown; weight_map?: unknown };
  if (!isRecord(map)) throw failure(place, `its weight_map is ${formatValue(map)}; expected an object that gives each tensor's file`, notOurs);
  if (!isRecord(metadata)) throw failure(place, `its metadata is ${formatValue(metadata)}; expected an object`, notOurs);
  const shards = new Map<string, Set<string>>();
  for (const [name, file] of Object.entries(map)) {
    // A file beside the index, and nowhere else.
    if (typeof file !== "string" || !/^(?!\.)[^/\\:\0]+$/.test(file)) throw failure(place, `tensor ${formatValue(name)} is said to be in ${formatValue(file)}; expected the name of a file beside the index`, "Put the shards beside their index, and name them there.", { details: { name } });
    const names = shards.get(file) ?? new Set();
    shards.set(file, names.add(name));
  }
  if (shards.size > maxShards) throw failure(place, `it names ${shards.size} files; at most ${maxShards} are opened`, notOurs);
  return { shards, metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])) };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
