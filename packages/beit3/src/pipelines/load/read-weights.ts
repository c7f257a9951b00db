import { loadCheckpoint, type CheckpointReader } from "@multiway/checkpoint";
import { CheckpointError, formatList } from "@multiway/errors";
import { loadOfficial, officialNamesIn, type OfficialFile, type OfficialNames } from "@multiway/transformer";
import type { BuiltModel } from "../folder/build-model.ts";
import { headOf } from "./head-of.ts";
import type { OpenedModel } from "./opened.ts";
import type { LoadBeit3Options } from "./options.ts";

/** Reads a model's weights onto the device, tensor by tensor. @throws CheckpointError naming what does not fit; nothing stays on the device then */
export async function readWeights(built: BuiltModel, opened: OpenedModel, { device, halves = "keep", signal, onProgress }: LoadBeit3Options): Promise<void> {
  const { model } = built;
  const { weights, description } = opened;
  const isOfficial = description.names === "official";
  const names = (model.constructor as unknown as { officialNames: OfficialNames }).officialNames;
  const wanted = new Set(model.tensors().map((tensor) => (isOfficial ? names.toOfficial(tensor.name)! : tensor.name)));
  const inFile = isOfficial ? officialNamesIn(weights) : new Map([...weights.entries.keys()].map((own) => [own, own]));
  // Of another encoder loadOfficial can say which.
  const isOfHead = (own: string) => !isOfficial || !own.startsWith("beit3.");
  requireNames(built, opened, { missing: [...wanted].filter((own) => isOfHead(own) && !inFile.has(own)), unexpected: [...inFile.keys()].filter((own) => isOfHead(own) && !wanted.has(own)) });
  const sizes = new Map([...inFile].flatMap(([own, there]) => (wanted.has(own) ? [[there, bytesOf(weights, there)] as const] : [])));
  const totalBytes = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  onProgress?.({ loadedBytes: 0, totalBytes });
  if (!isOfficial) {
    model.loadStateDict(await loadCheckpoint(weights, { device, halves, expected: model.stateDict(), strict: description.task !== "pretraining", only: (name) => wanted.has(name), ...(signal && { signal }) }));
    onProgress?.({ loadedBytes: totalBytes, totalBytes });
    return;
  }
  let loadedBytes = 0;
  const count = (name: string): void => {
    // Whoever asks for the next tensor has put the one before on the device.
    if (loadedBytes > 0) onProgress?.({ loadedBytes, totalBytes });
    signal?.throwIfAborted();
    loadedBytes += sizes.get(name) ?? 0;
  };
  const counting: OfficialFile = {
    name: weights.name,
    entries: weights.entries,
    read: async (name) => {
      count(name);
      return await weights.read(name);
    },
    readOnto: async (onto, name, rules) => {
      count(name);
      return await weights.readOnto(onto, name, rules);
    },
  };
  requireNames(built, opened, await loadOfficial(model, counting, { device, halves }));
  onProgress?.({ loadedBytes: totalBytes, totalBytes });
}

/** A pretrained model's own heads stay behind; every other file has exactly what its model needs. */
function requireNames({ task }: BuiltModel, { name, description, weights }: OpenedModel, { missing, unexpected: others }: { missing: readonly string[]; unexpected: readonly string[] }): void {
  const isEncoder = task === "pretraining" || task === "encoder";
  const unexpected = others.filter((own) => !isEncoder || own.startsWith("beit3."));
  if (missing.length + unexpected.length === 0) return;
  const parts = [missing.length > 0 ? `missing ${formatList(missing)}` : "", unexpected.length > 0 ? `unexpected ${formatList(unexpected)}` : ""].filter(Boolean);
  const looksLike = headOf(new Map([...officialNamesIn(weights)].map(([own, there]) => [own, weights.entries.get(there)!.shape]))).task;
  const isSwapped = description.names === "official" && looksLike !== (task === "zero-shot" ? "retrieval" : task);
  const remedy = isSwapped ? `The names are those of a model for ${looksLike}: two models' files may be swapped.` : "Get the file anew, or say what it is a model of.";
  throw new CheckpointError(`loadBeit3: the weights of ${JSON.stringify(name)} are not those of a model for ${description.task}: ${parts.join("; ")}. ${remedy}`, { details: { missing, unexpected, task, looksLike } });
}

function bytesOf(weights: CheckpointReader, name: string): number {
  const { begin, end } = weights.entries.get(name)!;
  return end - begin;
}
