import { DataError, formatValue } from "@multiway/errors";
import { parseSafetensors, type StoredTensor } from "@multiway/checkpoint";

/** One forward pass of a case. */
export interface GoldenRun {
  name: string;
  /** Names of the tensors that go in, by their role. */
  inputs: Record<string, string>;
  /** Where the sequence is cut into picture and text: −1 is all picture, 0 all text. */
  split_position?: number;
  batch?: number;
  length?: number;
  qlen?: number;
  klen?: number;
  step?: number;
}

/** What an output must be. */
export interface GoldenOutput {
  shape: number[];
  exact?: boolean;
  atol?: number;
}

/** The part of a manifest that is used. */
export interface GoldenManifest {
  kind: string;
  op?: string;
  config: Record<string, unknown>;
  fixed: Record<string, unknown>;
  rates: number[];
  runs: GoldenRun[];
  files: string[];
  outputs: Record<string, GoldenOutput>;
}

export type ReadFile = (name: string) => Promise<Uint8Array>;

/** @throws DataError when a parsed JSON is no manifest of these kinds */
export function checkManifest(manifest: unknown, kinds: readonly string[]): GoldenManifest {
  const candidate = (typeof manifest === "object" ? (manifest ?? {}) : {}) as Partial<GoldenManifest>;
  const isWhole = kinds.includes(candidate.kind!) && Array.isArray(candidate.files) && typeof candidate.outputs === "object" && candidate.outputs !== null;
  if (!isWhole) throw new DataError(`runTransformerCase: the manifest has kind ${formatValue(candidate.kind)}; expected ${kinds.join(" or ")}, with files and outputs.`);
  return { ...candidate, config: candidate.config ?? {}, fixed: candidate.fixed ?? {}, rates: candidate.rates ?? [], runs: candidate.runs ?? [] } as GoldenManifest;
}

/** All tensors of a case's files, by name. */
export async function readTensors(manifest: GoldenManifest, readFile: ReadFile): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  for (const file of manifest.files.filter((name) => name.endsWith(".safetensors"))) {
    for (const [name, tensor] of parseSafetensors(await readFile(file), { source: file }).tensors) tensors.set(name, tensor);
  }
  return tensors;
}

/** A whole number of a manifest's `config`. */
export function countOf(config: Readonly<Record<string, unknown>>, name: string): number {
  const value = config[name];
  if (typeof value !== "number" || !Number.isInteger(value)) throw new DataError(`runTransformerCase: "${name}" of the manifest's config is ${formatValue(value)}; expected a whole number.`);
  return value;
}
