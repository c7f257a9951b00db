import { Module } from "@multiway/nn";
import { CaptioningModel } from "@multiway/head-captioning";
import { ClassificationModel } from "@multiway/head-classification";
import { ReasoningModel } from "@multiway/head-reasoning";
import { RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import { MultiwayTransformer, officialNamesOf } from "@multiway/transformer";
import type { ModelDescription } from "./description.ts";
import { transformerOptionsOf } from "./describe-model.ts";

/** An encoder without a head, named as those with one. */
export class EncoderModel extends Module {
  static readonly officialNames = officialNamesOf("transformer");
  transformer: MultiwayTransformer;

  constructor(transformer: MultiwayTransformer) {
    super();
    this.transformer = transformer;
  }
}

/** A model and which it is. */
export type BuiltModel =
  | { task: "encoder" | "pretraining"; model: EncoderModel }
  | { task: "retrieval" | "zero-shot"; model: RetrievalModel }
  | { task: "vqa"; model: VqaModel }
  | { task: "captioning"; model: CaptioningModel }
  | { task: "reasoning"; model: ReasoningModel }
  | { task: "classification"; model: ClassificationModel };

/**
 * The model that a description is of, without elements: of a pretrained model the encoder alone.
 */
export function buildModel(description: ModelDescription): BuiltModel {
  const { task, numOutputs = 0, pooling, outputDim } = description;
  const transformer = new MultiwayTransformer(transformerOptionsOf(description.model));
  switch (task) {
    case "retrieval":
    case "zero-shot":
      return { task, model: new RetrievalModel(transformer, { ...(pooling && { pooling }), ...(outputDim !== undefined && { outputDim }) }) };
    case "vqa":
      return { task, model: new VqaModel(transformer, { numAnswers: numOutputs }) };
    case "captioning":
      return { task, model: new CaptioningModel(transformer) };
    case "reasoning":
      return { task, model: new ReasoningModel(transformer) };
    case "classification":
      return { task, model: new ClassificationModel(transformer, { numClasses: numOutputs }) };
    default:
      return { task, model: new EncoderModel(transformer) };
  }
}
