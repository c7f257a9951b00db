import { OptionError } from "@multiway/errors";
import { CaptioningModel } from "@multiway/head-captioning";
import { ClassificationModel } from "@multiway/head-classification";
import { ReasoningModel } from "@multiway/head-reasoning";
import { RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import type { Module } from "@multiway/nn";
import type { Tensor } from "@multiway/tensor";
import { MultiwayTransformer, officialStateDict, releasedForm, type MultiwayTransformerOptions } from "@multiway/transformer";
import { PretrainingModel } from "./pretraining/model.ts";

/** What a released file was trained for. */
export type ReleasedTask = "pretraining" | "retrieval" | "classification" | "vqa" | "reasoning" | "captioning";

export interface ReleasedHeadSizes {
  embedDim: number;
  vocabularySize: number;
  /** Of classification (1000 in the releases), question answering (3129) and reasoning (2). */
  numClasses?: number;
}

const visualTokens = 8192;

const models: Readonly<Record<ReleasedTask, (options: MultiwayTransformerOptions, numClasses: number | undefined) => Module>> = {
  pretraining: (options) => new PretrainingModel({ ...options, numCodes: visualTokens }),
  retrieval: (options) => new RetrievalModel(new MultiwayTransformer(options)),
  classification: (options, numClasses = 1000) => new ClassificationModel(new MultiwayTransformer(options), { numClasses }),
  vqa: (options, numAnswers = 3129) => new VqaModel(new MultiwayTransformer(options), { numAnswers }),
  reasoning: (options, numClasses = 2) => new ReasoningModel(new MultiwayTransformer(options), { numClasses }),
  captioning: (options) => new CaptioningModel(new MultiwayTransformer(options)),
};

/** The parameters that a released model has on top of its encoder, by official name, with their first values still to be made. */
export function releasedHead(task: ReleasedTask, { embedDim, vocabularySize, numClasses }: ReleasedHeadSizes): Record<string, Tensor> {
  if (!Object.hasOwn(models, task)) throw new OptionError(`releasedHead: task is ${JSON.stringify(task)}; expected ${Object.keys(models).join(", ")}.`);
  // Heads depend on widths alone: an encoder without layers will do.
  const encoder = { ...releasedForm, numLayers: 0, embedDim, numHeads: 1, ffnDim: embedDim, imageSize: 16, patchSize: 16, vocabularySize };
  const all = officialStateDict(models[task](encoder, numClasses));
  return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith("beit3.")));
}

/** Whether the encoder of a released model ends in a norm: those of classification and question answering have one in the head instead. */
export const endsInNorm = (task: ReleasedTask): boolean => task !== "classification" && task !== "vqa";
