import { saveCheckpoint, targetIn, writeBytes, type FolderTarget, type LazyTensor, type SavedTensors } from "@multiway/checkpoint";
import { CheckpointError, formatList, formatShape, OptionError } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import { floatToHalf, type Tensor } from "@multiway/tensor";
import { officialStateDict } from "@multiway/transformer";
import { buildModel } from "./build-model.ts";
import { descriptionFile, type ModelDescription } from "./description.ts";
import { checkDescription } from "./parse-description.ts";

export interface WriteModelFolderOptions {
  /** Of `describeModel`. */
  description: ModelDescription;
  /** Bytes of the SentencePiece model, where the description names its file. */
  tokenizer?: Uint8Array | undefined;
  /** How weights are written: as they are, or in half the room. Default "keep". */
  floats?: "keep" | "f16";
}

/**
 * Writes a model folder: tokenizer, weights, and last `model.json`, each file all or not at all, so that a new folder is whole or has no `model.json`.
 *
 * ```ts
 * await writeModelFolder("out/vqa", model, { description: describeModel({ task: "vqa", model: options, answers, tokenizer: "sentencepiece.model" }), tokenizer: bytes });
 * ```
 *
 * @param target  a folder that is there
 * @throws CheckpointError when the model is not what its description says, or a file cannot be written; OptionError for a tokenizer without its name or the other way round
 */
export async function writeModelFolder(target: FolderTarget, model: Module, { description: given, tokenizer, floats = "keep" }: WriteModelFolderOptions): Promise<void> {
  const description = checkDescription(given);
  if ((tokenizer === undefined) !== (description.tokenizer === undefined)) {
    throw new OptionError(`writeModelFolder: ${tokenizer ? "a tokenizer is given that the description has no file for" : `the description has a tokenizer in ${JSON.stringify(description.tokenizer)}, and none is given`}; expected both or neither.`);
  }
  requireFit(model, description);
  const tensors = description.names === "official" ? officialStateDict(model) : model.stateDict();
  if (tokenizer && description.tokenizer !== undefined) await writeBytes(await targetIn(target, description.tokenizer), tokenizer);
  await saveCheckpoint(await targetIn(target, description.weights), floats === "f16" ? inHalves(tensors) : tensors, {}, { format: "safetensors" });
  await writeBytes(await targetIn(target, descriptionFile), new TextEncoder().encode(`${JSON.stringify(description, undefined, 2)}\n`));
}

/** A pretrained model has more than the encoder that is read again; all others have exactly what they are built with. */
function requireFit(model: Module, description: ModelDescription): void {
  const { model: expected } = buildModel(description);
  const own = new Map(model.tensors().map(({ name, tensor }) => [name, formatShape(tensor.shape)]));
  const wanted = new Map(expected.tensors().map(({ name, tensor }) => [name, formatShape(tensor.shape)]));
  const wrong = [
    ...[...wanted].filter(([name, shape]) => own.get(name) !== shape).map(([name, shape]) => `${name} (${own.get(name) ?? "missing"} in the model, ${shape} by the description)`),
    ...(description.task === "pretraining" ? [] : [...own.keys()].filter((name) => !wanted.has(name)).map((name) => `${name} (in the model alone)`)),
  ];
  if (wrong.length > 0) throw new CheckpointError(`writeModelFolder: the model is not what its description says: ${formatList(wrong)}. Describe it with the options that it was made with.`, { details: { wrong } });
}

const largestHalf = 65504;

function inHalves(tensors: Readonly<Record<string, Tensor>>): SavedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      if (tensor.dtype !== "f32") return [name, tensor];
      const read = async (): Promise<Uint16Array<ArrayBuffer>> => {
        const data = await tensor.data();
        const beyond = data.findIndex((value) => Math.abs(value) > largestHalf);
        if (beyond >= 0) throw new CheckpointError(`writeModelFolder: element ${beyond} of "${name}" is ${data[beyond]}; halves go to ${largestHalf}. Write the weights as they are, without floats: "f16".`, { details: { name, index: beyond, value: data[beyond] } });
        return Uint16Array.from(data, floatToHalf);
      };
      return [name, { type: "F16", shape: tensor.shape, read } satisfies LazyTensor];
    }),
  );
}
