import type { Shape } from "@multiway/tensor";
import type { ModelTask } from "../folder/description.ts";

/** What the names in a checkpoint tell of its head. */
export interface OfficialHead {
  task: Exclude<ModelTask, "zero-shot" | "joint">;
  /** Answers or classes, where the head chooses among some. */
  numOutputs?: number | undefined;
  /** Of retrieval: width of the common space. */
  outputDim?: number | undefined;
}

/** @param shapes by official name */
export function headOf(shapes: ReadonlyMap<string, Shape>): OfficialHead {
  const rows = (name: string): number | undefined => shapes.get(name)?.[0];
  if (shapes.has("vision_head.weight") && shapes.has("language_head.weight")) return { task: "retrieval", outputDim: rows("vision_head.weight") };
  if (shapes.has("head.dense2.weight")) return { task: "reasoning" };
  if (shapes.has("head.3.weight")) return { task: "vqa", numOutputs: rows("head.3.weight") };
  if (shapes.has("head.weight") && shapes.has("fc_norm.weight")) return { task: "classification", numOutputs: rows("head.weight") };
  if (shapes.has("mlm_head.weight")) return { task: shapes.has("mim_head.weight") ? "pretraining" : "captioning" };
  return { task: "encoder" };
}
