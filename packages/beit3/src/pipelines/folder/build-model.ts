import { Module } from "@multiway/nn";
import { CaptioningModel } from "@multiway/head-captioning";
import { ClassificationModel } from "@multiway/head-classification";
import { ReasoningModel } from "@multiway/head-reasoning";
import { RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import { MultiwayTransformer, officialNamesOf } from "@multiway/transformer";
import { PatchTokenizer } from "@multiway/visual-tokenizer";
import type { HeadModel } from "../../fine-tuning/task-head.ts";
import { JointModel, type JointHead } from "../../joint/joint-model.ts";
import { PretrainingModel } from "../../pretraining/model.ts";
import { PretrainedModel } from "../../pretraining/pretrained-model.ts";
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

/** A model with one head, and which it is. */
export type BuiltHead =
  | { task: "retrieval" | "zero-shot"; model: RetrievalModel }
  | { task: "vqa"; model: VqaModel }
  | { task: "captioning"; model: CaptioningModel }
  | { task: "reasoning"; model: ReasoningModel }
  | { task: "classification"; model: ClassificationModel }
  | { task: "hidden"; model: PretrainingModel; visualTokens: PatchTokenizer };

/** A model and which it is. */
export type BuiltModel = BuiltHead | { task: "encoder"; model: EncoderModel } | { task: "pretraining"; model: EncoderModel | PretrainedModel } | { task: "joint"; model: JointModel };

/**
 * The model that a description is of, without elements: of a pretrained model the encoder alone, unless its visual tokens are there.
 */
export function buildModel(description: ModelDescription): BuiltModel {
  const { task, heads = [], numOutputs = 0, numCodes = 0 } = description;
  const transformer = new MultiwayTransformer(transformerOptionsOf(description.model));
  if (task === "pretraining" && numCodes > 0) return { task, model: new PretrainedModel({ ...transformerOptionsOf(description.model), numCodes }) };
  if (task === "encoder" || task === "pretraining") return { task, model: new EncoderModel(transformer) };
  if (task !== "joint") return buildHead(task, transformer, description, numOutputs);
  const outputs = { vqa: description.answers?.length, classification: description.classes?.length };
  const build = (head: JointHead): HeadModel => (head === "pretraining" ? new PretrainingModel({ ...transformerOptionsOf(description.model), numCodes }) : buildHead(head, transformer, description, outputs[head as "vqa"] ?? 0).model);
  const visualTokens = heads.includes("pretraining") ? new PatchTokenizer({ patchSize: description.model.patchSize, numCodes }) : undefined;
  return { task, model: new JointModel(transformer, Object.fromEntries(heads.map((head) => [head, build(head)])), visualTokens) };
}

/** The models of a joint model's heads, or the one that the model is. */
export function headsOf(built: BuiltModel): BuiltHead[] {
  switch (built.task) {
    case "joint": {
      const { model } = built;
      return model.tasks.map((task) => (task === "pretraining" ? { task: "hidden", model: model.of(task), visualTokens: model.visualTokens } : { task, model: model.of(task) }) as BuiltHead);
    }
    case "encoder":
      return [];
    case "pretraining": {
      const { model } = built;
      return model instanceof PretrainedModel ? [{ task: "hidden", model, visualTokens: model.visualTokens }] : [];
    }
    default:
      return [built];
  }
}

function buildHead(task: Exclude<BuiltHead["task"], "hidden">, transformer: MultiwayTransformer, { pooling, outputDim }: ModelDescription, numOutputs: number): BuiltHead {
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
  }
}
