import type { Device, Tensor } from "@multiway/tensor";
import { compare, failed, type GoldenResult } from "./golden/compare.ts";
import { CaseTensors } from "./golden/case-tensors.ts";
import { runComponent, runDropPath } from "./golden/components.ts";
import { runEncoder, transformerOptionsOf } from "./golden/encoder-case.ts";
import { runLoad } from "./golden/load-case.ts";
import { checkManifest, countOf, readTensors, type GoldenManifest, type ReadFile } from "./golden/manifest.ts";

export { CaseTensors, joinTokens } from "./golden/case-tensors.ts";
export { checkManifest, compare, countOf, failed, readTensors, transformerOptionsOf, type GoldenManifest, type GoldenResult, type ReadFile };

const runners: Readonly<Record<string, (manifest: GoldenManifest, tensors: CaseTensors) => Map<string, Tensor>>> = {
  component: runComponent,
  "component.drop_path": runDropPath,
  "beit3.encoder": runEncoder,
};

/** Kinds that need no device. */
const plainRunners: Readonly<Record<string, (manifest: unknown, readFile: ReadFile) => Promise<GoldenResult[]>>> = { "checkpoint.load": runLoad };

/** The kinds of manifests that {@link runTransformerCase} takes. */
export const transformerKinds: readonly string[] = [...Object.keys(runners), ...Object.keys(plainRunners)];

/**
 * Runs a golden case of the model: every output that its manifest lists, compared with what the official code computed.
 *
 * @param manifest  the parsed JSON, of a kind in {@link transformerKinds}
 * @param readFile  gives the bytes of a file that the manifest names
 * @returns         one result per output
 * @throws DataError when the manifest is not of this format; CheckpointError when a file or a weight does not fit
 */
export async function runTransformerCase(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const plain = plainRunners[String((manifest as { kind?: unknown } | null)?.kind)];
  if (plain) return await plain(manifest, readFile);
  const golden = checkManifest(manifest, transformerKinds);
  const tensors = new CaseTensors(await readTensors(golden, readFile), device);
  const computed = runners[golden.kind]!(golden, tensors);
  const results: GoldenResult[] = [];
  for (const [name, rule] of Object.entries(golden.outputs)) {
    const tensor = computed.get(name);
    if (!tensor) results.push(failed(name, "no run of this case computes it"));
    else if (!tensors.has(name)) results.push(failed(name, "the tensor is missing in the file"));
    else results.push(compare(name, { shape: tensor.shape, data: await tensor.data() }, tensors.stored(name).toHost({ widens: true }), rule));
  }
  return results;
}
