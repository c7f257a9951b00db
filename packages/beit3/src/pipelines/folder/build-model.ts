import { Module } from "@multiway/nn";
import type { CaptioningModel } from "@multiway/head-captioning";
import type { ClassificationModel } from "@multiway/head-classification";
import type { ReasoningModel } from "@multiway/head-reasoning";
import type { RetrievalModel } from "@multiway/head-retrieval";
import type { VqaModel } from "@multiway/head-vqa";
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
 * The model that a description is of, without elements: of a pretrained model the encoder alone. The code of a head is loaded when it is needed.
 */
export async function buildModel(description: ModelDescription): Promise<BuiltModel> {
  const { task, numOutputs = 0, pooling, outputDim } = description;
  const transformer = new MultiwayTransformer(transformerOptionsOf(description.model));
  switch (task) {
    case "retrieval":
    case "zero-shot": {
      const { RetrievalModel } = await import("@multiway/head-retrieval");
      return { task, model: new RetrievalModel(transformer, { ...(pooling && { pooling }), ...(outputDim !== undefined && { outputDim }) }) };
    }
    case "vqa": {
      const { VqaModel } = await import("@multiway/head-vqa");
      return { task, model: new VqaModel(transformer, { numAnswers: numOutputs }) };
    }
    case "captioning": {
      const { CaptioningModel } = await import("@multiway/head-captioning");
      return { task, model: new CaptioningModel(transformer) };
    }
    case "reasoning": {
      const { ReasoningModel } = await import("@multiway/head-reasoning");
      return { task, model: new ReasoningModel(transformer) };
    }
    case "classification": {
      const { ClassificationModel } = await import("@multiway/head-classification");
      return { task, model: new ClassificationModel(transformer, { numClasses: numOutputs }) };
    }
    default:
      return { task, model: new EncoderModel(transformer) };
  }
}
