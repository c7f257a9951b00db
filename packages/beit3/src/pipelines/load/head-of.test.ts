import { CaptioningModel } from "@multiway/head-captioning";
import { ClassificationModel } from "@multiway/head-classification";
import { ReasoningModel } from "@multiway/head-reasoning";
import { RetrievalModel } from "@multiway/head-retrieval";
import { VqaModel } from "@multiway/head-vqa";
import type { Module } from "@multiway/nn";
import type { Shape } from "@multiway/tensor";
import { MultiwayTransformer, type OfficialNames } from "@multiway/transformer";
import { expect, test } from "vitest";
import { beit3Base } from "../../presets.ts";
import { PretrainingModel } from "../../pretraining/model.ts";
import { headOf } from "./head-of.ts";

const shapesOf = (model: Module): Map<string, Shape> => {
  const { officialNames } = model.constructor as unknown as { officialNames: OfficialNames };
  return new Map(model.tensors().map(({ name, tensor }) => [officialNames.toOfficial(name)!, tensor.shape]));
};

test("a checkpoint's head is told from its names", () => {
  const transformer = () => new MultiwayTransformer(beit3Base());
  expect(headOf(shapesOf(new VqaModel(transformer(), { numAnswers: 3129 })))).toEqual({ task: "vqa", numOutputs: 3129 });
  expect(headOf(shapesOf(new ClassificationModel(transformer(), { numClasses: 1000 })))).toEqual({ task: "classification", numOutputs: 1000 });
  expect(headOf(shapesOf(new ReasoningModel(transformer())))).toEqual({ task: "reasoning" });
  expect(headOf(shapesOf(new RetrievalModel(transformer())))).toEqual({ task: "retrieval", outputDim: 768 });
  expect(headOf(shapesOf(new CaptioningModel(transformer())))).toEqual({ task: "captioning" });
  expect(headOf(shapesOf(new PretrainingModel({ ...beit3Base(), numCodes: 8192 })))).toEqual({ task: "pretraining" });
  expect(headOf(shapesOf(transformer()))).toEqual({ task: "encoder" });
});
