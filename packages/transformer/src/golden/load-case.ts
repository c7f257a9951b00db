import { openCheckpoint, parseSafetensors } from "@multiway/checkpoint";
import { DataError, formatValue } from "@multiway/errors";
import { fitOfficialTensors, type OfficialTensor } from "../official-tensors.ts";
import { compare, failed, type GoldenResult } from "./compare.ts";
import type { GoldenOutput, ReadFile } from "./manifest.ts";

interface LoadManifest {
  runs: { name: string; file: string }[];
  /** Names that keep the model's own value. */
  unchanged: Record<string, string[]>;
  files: string[];
  outputs: Record<string, GoldenOutput>;
}

/** Loads each file into its model: every tensor that the official loader changes, and none that it leaves alone. */
export async function runLoad(manifest: unknown, readFile: ReadFile): Promise<GoldenResult[]> {
  const { runs, unchanged, files, outputs } = manifest as LoadManifest;
  const values = files?.find((name) => name.endsWith(".safetensors"));
  if (!Array.isArray(runs) || values === undefined || typeof outputs !== "object" || typeof unchanged !== "object") {
    throw new DataError(`golden: the manifest is ${formatValue(manifest)}; expected one of kind "checkpoint.load", with runs, unchanged, files and outputs.`);
  }
  const { tensors: stored } = parseSafetensors(await readFile(values));
  const results: GoldenResult[] = [];
  for (const { name, file } of runs) {
    await using reader = await openCheckpoint(await readFile(file));
    const given: Record<string, OfficialTensor> = {};
    for (const key of reader.entries.keys()) {
      const tensor = await reader.read(key);
      given[key] = { shape: tensor.shape, data: Float32Array.from(tensor.toHost({ widens: true })) };
    }
    const prefix = `weights/${name}/`;
    const expected = Object.fromEntries([...stored].filter(([key]) => key.startsWith(prefix)).map(([key, { shape }]) => [key.slice(prefix.length), shape]));
    const { tensors, mismatched } = fitOfficialTensors(given, expected);
    for (const { name: tensor, given: shape } of mismatched) results.push(failed(`${name}/${tensor}`, `the file has ${shape}`));

    const wanted = Object.entries(outputs).filter(([key]) => key.startsWith(`outputs/${name}/`));
    for (const [key, rule] of wanted) {
      const tensor = tensors[key.slice(`outputs/${name}/`.length)];
      const value = stored.get(key);
      if (!tensor || !value) results.push(failed(key, tensor ? "the tensor is missing in the file of values" : "the loader leaves it alone"));
      else results.push(compare(key, tensor, value.toHost({ widens: true }), rule));
    }
    const left = unchanged[name] ?? [];
    for (const key of left) results.push({ name: `${name}/${key} unchanged`, passed: !tensors[key], worst: tensors[key] ? Infinity : 0, where: tensors[key] ? "the loader changes it" : "" });
    const known = new Set([...wanted.map(([key]) => key.slice(`outputs/${name}/`.length)), ...left]);
    for (const key of Object.keys(tensors)) if (!known.has(key)) results.push(failed(`${name}/${key}`, "the loader changes it; the official one leaves it alone"));
  }
  return results;
}
