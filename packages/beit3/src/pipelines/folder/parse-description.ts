import { datasetTasks } from "@multiway/data";
import { CheckpointError, formatValue } from "@multiway/errors";
import { imagenetNormalization, inceptionNormalization, type ResizeFilter } from "@multiway/images";
import type { JointHead } from "../../joint/joint-model.ts";
import { descriptionFile, modelTasks, type ImageSettings, type ModelDescription, type ModelSizes, type ModelTask } from "./description.ts";
import { Fields } from "./fields.ts";

/** Texts of BEiT-3's tasks are no longer. */
const usualTextLength = 64;

const filters = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const satisfies readonly ResizeFilter[];

/**
 * Reads `model.json`; what it does not say becomes its default.
 *
 * @param file  what messages call it
 * @throws CheckpointError naming file, field and remedy
 */
export function parseDescription(text: string, file: string = descriptionFile): ModelDescription {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`openModelFolder: ${JSON.stringify(file)}: it is no JSON (${(cause as Error).message}). Get the folder anew.`, { cause, details: { file } });
  }
  return checkDescription(value, file);
}

/** As {@link parseDescription}, of a value. */
export function checkDescription(value: unknown, file: string = descriptionFile): ModelDescription {
  const fields = new Fields(file, value);
  fields.choice("format", ["multiway-model"] as const);
  const { version } = value as { version?: unknown };
  if (typeof version === "number" && version > 1) {
    throw new CheckpointError(`openModelFolder: ${JSON.stringify(file)}: "version" is ${formatValue(version)}; this program reads version 1. Update @multiway/beit3.`, { details: { file, field: "version", value: version } });
  }
  fields.choice("version", [1] as const);
  const task = fields.choice("task", modelTasks);
  const model = sizesIn(fields.record("model"));
  const list = ({ vqa: "answers", classification: "classes" } as const)[task as "vqa" | "classification"];
  return {
    format: "multiway-model",
    version: 1,
    task,
    ...(task === "joint" && { heads: headsIn(fields) }),
    model,
    image: imageIn(fields.has("image") ? fields.record("image") : new Fields(file, {}), task, model),
    maxTextLength: fields.wholeNumber("maxTextLength", { least: 3, most: model.textPositions - 2, byDefault: Math.min(usualTextLength, model.textPositions - 2) }),
    ...(fields.has("tokenizer") && { tokenizer: fields.fileName("tokenizer") }),
    tokenIds: fields.choice("tokenIds", ["xlm-roberta", "pieces"] as const, "xlm-roberta"),
    weights: fields.fileName("weights", "model.safetensors"),
    names: fields.choice("names", ["official", "own"] as const, model.form === "released" && task !== "joint" ? "official" : "own"),
    ...(list && { numOutputs: outputsIn(fields, list) }),
    ...(fields.has("answers") && { answers: fields.texts("answers") }),
    ...(fields.has("classes") && { classes: fields.texts("classes") }),
    ...(fields.has("templates") && { templates: templatesIn(fields) }),
    ...(fields.has("pooling") && { pooling: fields.choice("pooling", ["first", "mean"] as const) }),
    ...(fields.has("numCodes") && { numCodes: fields.wholeNumber("numCodes") }),
    ...(fields.has("outputDim") && { outputDim: fields.wholeNumber("outputDim") }),
  };
}

/** Tasks of a joint model; what their heads choose among is counted by their lists. */
function headsIn(fields: Fields): JointHead[] {
  const heads = fields.texts("heads");
  const known: readonly string[] = [...datasetTasks, "pretraining"];
  const isTask = (name: string): name is JointHead => known.includes(name);
  if (!heads.every(isTask)) throw fields.misfit("heads", `a list of tasks, some of ${known.join(", ")}`);
  if (heads.includes("pretraining")) fields.wholeNumber("numCodes");
  for (const [task, list] of [["vqa", "answers"], ["classification", "classes"]] as const) if (heads.includes(task)) fields.texts(list);
  return heads;
}

function sizesIn(fields: Fields): ModelSizes {
  const sizes: ModelSizes = {
    vocabularySize: fields.wholeNumber("vocabularySize"),
    embedDim: fields.wholeNumber("embedDim"),
    ffnDim: fields.wholeNumber("ffnDim"),
    numHeads: fields.wholeNumber("numHeads"),
    numLayers: fields.wholeNumber("numLayers", { most: 1000 }),
    imageSize: fields.wholeNumber("imageSize", { most: 16384 }),
    patchSize: fields.wholeNumber("patchSize", { most: 16384 }),
    textPositions: fields.wholeNumber("textPositions", { least: 5, byDefault: 1024 }),
    form: fields.choice("form", ["released", "paper"] as const, "released"),
    finalNorm: fields.flag("finalNorm", true),
  };
  if (fields.has("visionLanguageLayers")) sizes.visionLanguageLayers = fields.wholeNumber("visionLanguageLayers", { least: 0, most: sizes.numLayers });
  if (sizes.embedDim % sizes.numHeads !== 0) throw fields.misfit("numHeads", `a number that divides embedDim, ${sizes.embedDim}`);
  if (sizes.imageSize % sizes.patchSize !== 0) throw fields.misfit("patchSize", `a number that divides imageSize, ${sizes.imageSize}`);
  return sizes;
}

function imageIn(fields: Fields, task: ModelTask, { imageSize }: ModelSizes): ImageSettings {
  const recipe = fields.choice("recipe", ["square", "imagenet"] as const, task === "classification" ? "imagenet" : "square");
  const { mean, std } = recipe === "imagenet" ? imagenetNormalization : inceptionNormalization;
  return {
    size: fields.wholeNumber("size", { least: imageSize, most: imageSize, byDefault: imageSize }),
    mean: fields.triple("mean", mean, (value) => value >= 0 && value <= 1, "three numbers from 0 to 1"),
    std: fields.triple("std", std, (value) => value > 0, "three numbers above 0"),
    interpolation: fields.choice("interpolation", filters, "bicubic"),
    recipe,
  };
}

function outputsIn(fields: Fields, list: "answers" | "classes"): number {
  if (!fields.has(list)) {
    if (fields.has("numOutputs")) return fields.wholeNumber("numOutputs");
    throw fields.misfit(list, "a list of texts");
  }
  const { length } = fields.texts(list);
  if (fields.wholeNumber("numOutputs", { byDefault: length }) === length) return length;
  throw fields.misfit(list, `${fields.wholeNumber("numOutputs")} of them, as many as the head has`);
}

function templatesIn(fields: Fields): string[] {
  const templates = fields.texts("templates");
  if (templates.every((template) => template.includes("{}"))) return templates;
  throw fields.misfit("templates", "texts with {} where the name goes");
}
