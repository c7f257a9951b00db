import { loadCheckpoint, type CheckpointReader } from "@multiway/checkpoint";
import { CheckpointError } from "@multiway/errors";
import type { BuiltModel } from "../folder/build-model.ts";
import { loadOfficial, officialNamesIn, type OfficialNames } from "@multiway/transformer";
import type { OpenedModel } from "./opened.ts";
import type { LoadBeit3Options } from "./options.ts";

/** Reads a model's weights onto the device, tensor by tensor. @throws CheckpointError naming what does not fit; nothing stays on the device then */
export async function readWeights({ task, model }: BuiltModel, { name, description, weights }: OpenedModel, { device, halves = "keep", signal, onProgress }: LoadBeit3Options): Promise<void> {
  const isOfficial = description.names === "official";
  const names = (model.constructor as unknown as { officialNames: OfficialNames }).officialNames;
  const wanted = new Set(model.tensors().map((tensor) => (isOfficial ? names.toOfficial(tensor.name)! : tensor.name)));
  const inFile = isOfficial ? officialNamesIn(weights) : new Map([...weights.entries.keys()].map((own) => [own, own]));
  const sizes = new Map([...inFile].flatMap(([own, there]) => (wanted.has(own) ? [[there, sizeOf(weights, there)] as const] : [])));
  const totalBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  let loadedBytes = 0;
  onProgress?.({ loadedBytes, totalBytes });
  // A pretrained model's own heads stay behind; every other model has exactly what it needs.
  const strict = task !== "pretraining" && task !== "encoder";
  if (!isOfficial) {
    model.loadStateDict(await loadCheckpoint(weights, { device, halves, expected: model.stateDict(), strict, ...(signal && { signal }) }), { strict });
    onProgress?.({ loadedBytes: totalBytes, totalBytes });
    return;
  }
  const { missing } = await loadOfficial(
    model,
    {
      name: weights.name,
      entries: weights.entries,
      async read(tensor, scratch) {
        signal?.throwIfAborted();
        if (loadedBytes > 0) onProgress?.({ loadedBytes, totalBytes });
        loadedBytes += sizes.get(tensor) ?? 0;
        return await weights.read(tensor, scratch);
      },
    },
    { device, halves, strict },
  );
  if (missing.length > 0) throw new CheckpointError(`loadBeit3: ${JSON.stringify(name)} lacks ${missing.length} tensors of the encoder, among them ${missing[0]}. Get it anew.`, { details: { missing } });
  onProgress?.({ loadedBytes: totalBytes, totalBytes });
}

function sizeOf(weights: CheckpointReader, name: string): number {
  const { begin, end } = weights.entries.get(name)!;
  return end - begin;
}
