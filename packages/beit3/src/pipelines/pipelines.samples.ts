import { createImage, type Image } from "@multiway/images";
import { initialise, normalInitialiser, type Module } from "@multiway/nn";
import { key } from "@multiway/random";
import { mapTree, realize, type Device } from "@multiway/tensor";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";
import { releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";
import { buildModel, type BuiltModel } from "./folder/build-model.ts";
import { describeModel, type DescribeModelOptions } from "./folder/describe-model.ts";
import type { ModelDescription, ModelTask } from "./folder/description.ts";
import { memoryFolder } from "./folder/memory-folder.ts";
import { writeModelFolder, type WriteModelFolderOptions } from "./folder/write-model-folder.ts";

const sentences = ["a red square on a blue box", "how many circles are there in the picture", "a dog sits on the bus", "the small yellow triangle is left of it", "what colour is the box"];
/** Bytes of a small SentencePiece model. */
export const tokenizerBytes = writeSentencePieceModel(trainUnigram(sentences, { vocabularySize: 60, acceptsFewer: true }));
export const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(tokenizerBytes)));

/** A model small enough for seconds. */
export const tinyOptions: MultiwayTransformerOptions = { ...releasedForm, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 16, patchSize: 8, vocabularySize: tokenizer.vocabularySize + 3, textPositions: 40 };

/** Released models of these end without a norm. */
const optionsFor = (task: ModelTask, options: MultiwayTransformerOptions): MultiwayTransformerOptions => (task === "vqa" || task === "classification" ? { ...options, finalNorm: false } : options);

export const tinyAnswers = ["yes", "no", "two", "red"];
export const tinyClasses = ["square", "circle", "triangle"];

/** A description of a tiny model. */
export function describeTiny(task: ModelTask, { model = tinyOptions, ...rest }: Partial<DescribeModelOptions> = {}): ModelDescription {
  return describeModel({ task, model: optionsFor(task, model), tokenizer: "sentencepiece.model", ...(task === "vqa" && { answers: tinyAnswers }), ...(task === "classification" && { classes: tinyClasses }), ...rest });
}

/** The class of each task's model. */
export type ModelOf<T extends ModelTask> = { [One in BuiltModel as One["task"]]: One["model"] }[T];

/** Large random weights, so that results differ from input to input. */
export async function randomModel<T extends ModelTask>(task: T, description: ModelDescription, device: Device): Promise<ModelOf<T>> {
  const { model } = buildModel(description);
  const started: Module = await initialise(model as Module, { device, key: 1 });
  let place = 0;
  const wide = normalInitialiser(0.3);
  const random = await realize(mapTree(started, (tensor) => tensor.add(device.tensor(wide(key(7).fold(place++), tensor.shape), { shape: tensor.shape }))));
  return random as unknown as ModelOf<T>;
}

/** A tiny random model in a folder in memory, and itself. */
export async function tinyFolder<T extends ModelTask>(task: T, device: Device, { describe = {}, ...options }: { describe?: Partial<DescribeModelOptions> } & Partial<WriteModelFolderOptions> = {}) {
  const description = describeTiny(task, describe);
  const model = await randomModel(task, description, device);
  const folder = memoryFolder();
  await writeModelFolder(folder, model as unknown as Module, { description, tokenizer: tokenizerBytes, ...options });
  return { folder, model, description };
}

/** Pictures that differ. */
export function picture(seed: number, side = 20): Image {
  const image = createImage(side, side);
  key(seed).bits(image.data.length).forEach((bits, index) => (image.data[index] = bits & 255));
  return image;
}
