import { DataError, formatValue } from "@multiway/errors";
import type { StoredTensor } from "./formats/stored-tensor.ts";
import { PickledTensor, type Pickled } from "./formats/pytorch/pickled.ts";
import type { CheckpointReader } from "./checkpoint-reader.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

/** One compared result. */
export interface GoldenResult {
  name: string;
  passed: boolean;
  /** 0 or Infinity: what a file holds is exact. */
  worst: number;
  where: string;
}

/** The kinds of manifests that {@link runCheckpointCase} takes. */
export const checkpointKinds: readonly string[] = ["checkpoint.read"];

interface Manifest {
  pth: { name: string; file: string; values: string }[];
  plain_values: Record<string, Record<string, unknown>>;
  outputs: Record<string, { dtype: string; shape: number[] }>;
  files: string[];
}

/**
 * Runs a golden case of PyTorch files: every tensor and every plain value in each of them, bit for bit, and nothing besides.
 *
 * @param manifest  the parsed JSON, of a kind in {@link checkpointKinds}
 * @param readFile  gives the bytes of a file that the manifest names
 * @returns         one result per file
 * @throws DataError when the manifest is not of this format; CheckpointError when a file cannot be read
 */
export async function runCheckpointCase(manifest: unknown, readFile: (name: string) => Promise<Uint8Array>): Promise<GoldenResult[]> {
  const { pth, plain_values: plain, outputs, files } = checkManifest(manifest);
  await using expected = await openCheckpoint(await readFile(files.find((name) => name.endsWith(".safetensors"))!));
  const results: GoldenResult[] = [];
  for (const { name, file, values } of pth) {
    await using reader = await openCheckpoint(await readFile(file), { part: "" });
    const prefix = `outputs/${values}/`;
    const tensors = Object.keys(outputs).filter((output) => output.startsWith(prefix));
    const where = await firstDifference(reader, { names: tensors, prefix, plain: plain[values] ?? {}, expected });
    results.push({ name: `${name} (${tensors.length} tensors)`, passed: where === undefined, worst: where === undefined ? 0 : Infinity, where: where ?? "" });
  }
  return results;
}

interface Expectation {
  names: readonly string[];
  prefix: string;
  plain: Readonly<Record<string, unknown>>;
  expected: CheckpointReader;
}

async function firstDifference(reader: CheckpointReader, { names, prefix, plain, expected }: Expectation): Promise<string | undefined> {
  const found = leaves(reader.objects!, "");
  for (const name of names) {
    const place = name.slice(prefix.length);
    const leaf = found.get(place);
    if (!(leaf instanceof PickledTensor)) return `${place}: ${leaf === undefined ? "missing" : formatValue(leaf)}; expected a tensor`;
    const difference = compare(await reader.read(leaf), await expected.read(name));
    if (difference) return `${place}: ${difference}`;
    found.delete(place);
  }
  for (const [place, value] of Object.entries(plain)) {
    const leaf = found.get(place);
    // The manifest spells an empty container as one, which has no leaves.
    if (typeof value === "object" && value !== null) continue;
    const given = typeof leaf === "bigint" ? Number(leaf) : leaf;
    if (given !== value) return `${place}: ${formatValue(leaf)}; expected ${formatValue(value)}`;
    found.delete(place);
  }
  const [more] = found.keys();
  return more === undefined ? undefined : `${more}: not expected`;
}

function compare(given: StoredTensor, expected: StoredTensor): string | undefined {
  if (given.type !== expected.type || given.shape.join() !== expected.shape.join()) return `${given.type}[${given.shape.join()}]; expected ${expected.type}[${expected.shape.join()}]`;
  const wrong = expected.bytes.findIndex((byte, position) => given.bytes[position] !== byte);
  return wrong >= 0 || given.bytes.length !== expected.bytes.length ? `byte ${wrong} differs` : undefined;
}

/** Everything that is no container, by its path. */
function leaves(value: Pickled, path: string, found = new Map<string, Pickled>()): Map<string, Pickled> {
  const inner: Iterable<readonly [unknown, Pickled]> | undefined = value instanceof Map ? (value as ReadonlyMap<Pickled, Pickled>) : Array.isArray(value) ? (value as readonly Pickled[]).entries() : undefined;
  if (!inner) found.set(path, value);
  else for (const [key, item] of inner) leaves(item, path ? `${path}/${String(key)}` : String(key), found);
  return found;
}

function checkManifest(manifest: unknown): Manifest {
  const { kind, pth, plain_values: plain, outputs, files } = (manifest ?? {}) as Partial<Manifest> & { kind?: unknown };
  if (typeof kind !== "string" || !checkpointKinds.includes(kind) || !Array.isArray(pth) || !Array.isArray(files) || typeof outputs !== "object" || typeof plain !== "object") {
    throw new DataError(`runCheckpointCase: the manifest is ${formatValue(manifest)} of kind ${formatValue(kind)}; expected ${checkpointKinds.join(" or ")}, with pth, plain_values, outputs and files.`);
  }
  return { pth, plain_values: plain, outputs, files };
}
