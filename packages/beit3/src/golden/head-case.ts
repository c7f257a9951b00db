import type { Device, Tensor } from "@multiway/tensor";
import { CaseTensors, checkManifest, compare, failed, readTensors, type GoldenResult, type ReadFile } from "@multiway/transformer/golden";
import { headOf, type Inputs, type LossSettings } from "./heads.ts";

interface HeadManifest extends LossSettings {
  /** By name: what differs from the manifest's own settings. */
  losses?: Record<string, { set?: LossSettings; step?: number }>;
}

/** Inputs under a common beginning, and the places of hidden words among them. */
export function inputsOf(tensors: CaseTensors, before: string): Inputs {
  return (name) => {
    if (name !== "masked_rows") return tensors.tensor(`${before}${name}`);
    const isHidden = tensors.stored(`${before}masked_pos`).elements;
    return tensors.device.tensor(Int32Array.from(Array.from(isHidden as ArrayLike<number>, (flag, row) => (flag ? row : -1)).filter((row) => row >= 0)));
  };
}

/** One call of a model with a head: its results and its losses. */
export async function runHead(manifest: unknown, readFile: ReadFile, device: Device): Promise<GoldenResult[]> {
  const golden = checkManifest(manifest, ["beit3.head"]);
  const { losses = {}, ...settings } = manifest as HeadManifest;
  const stored = await readTensors(golden, readFile);
  const tensors = new CaseTensors(stored, device);
  const { head, model } = headOf(manifest, golden, tensors, stored.keys());
  const inputs = inputsOf(tensors, "inputs/");
  const computed = new Map<string, Tensor>(Object.entries(head.outputs(model, inputs)).map(([name, tensor]) => [`outputs/${name}`, tensor]));
  for (const [name, { set = {}, step = 0 }] of Object.entries(losses)) {
    const { loss, accuracy } = head.loss(model, inputs, { ...settings, ...set, step });
    computed.set(`outputs/loss.${name}`, loss);
    if (accuracy) computed.set(`outputs/acc.${name}`, accuracy);
  }
  return await compareAll(golden.outputs, computed, tensors);
}

export async function compareAll(outputs: Readonly<Record<string, Parameters<typeof compare>[3]>>, computed: ReadonlyMap<string, Tensor>, tensors: CaseTensors): Promise<GoldenResult[]> {
  const results: GoldenResult[] = [];
  for (const [name, rule] of Object.entries(outputs)) {
    const tensor = computed.get(name);
    if (!tensor) results.push(failed(name, "no run of this case computes it"));
    else if (!tensors.has(name)) results.push(failed(name, "the tensor is missing in the file"));
    else results.push(compare(name, { shape: tensor.shape, data: await tensor.data() }, tensors.stored(name).toHost({ widens: true }), rule));
  }
  return results;
}
