import { access, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { endsInNorm } from "@multiway/beit3";
import { openCheckpoint, saveCheckpoint, type CheckpointReader } from "@multiway/checkpoint";
import type { DatasetTask } from "@multiway/data";
import { CheckpointError, formatValue } from "@multiway/errors";
import { imagenetNormalization, inceptionNormalization } from "@multiway/images";
import type { Module } from "@multiway/nn";
import { officialStateDict } from "@multiway/transformer";
import { writeAtomic } from "../files/write-atomic.ts";

/** How an encoder is made, as much of it as weights depend on. */
export interface ModelSizes {
  vocabularySize: number;
  embedDim: number;
  ffnDim: number;
  numHeads: number;
  numLayers: number;
  imageSize: number;
  patchSize: number;
  textPositions: number;
}

/** What `model.json` of a model folder says. */
export interface ModelDescription {
  task: string;
  model: ModelSizes;
  maxTextLength: number;
  answers?: readonly string[];
  classes?: readonly string[];
}

const names = { description: "model.json", weights: "model.safetensors", tokenizer: "sentencepiece.model" } as const;

/** Writes a model with its head as a model folder; `model.json` last, so that a folder with one is whole. */
export async function writeModelFolder(folder: string, model: Module, { task, model: sizes, ...rest }: ModelDescription & { task: DatasetTask | "pretraining" }, tokenizer: Uint8Array | undefined): Promise<void> {
  await mkdir(folder, { recursive: true });
  const recipe = task === "classification" ? "imagenet" : "square";
  const { mean, std } = recipe === "imagenet" ? imagenetNormalization : inceptionNormalization;
  const description = {
    format: "multiway-model",
    version: 1,
    task,
    model: { ...sizes, form: "released", finalNorm: task === "pretraining" || endsInNorm(task) },
    image: { size: sizes.imageSize, mean, std, interpolation: "bicubic", recipe },
    ...rest,
    ...(tokenizer && { tokenizer: names.tokenizer }),
    tokenIds: "xlm-roberta",
    weights: names.weights,
    names: "official",
  };
  if (tokenizer) await writeAtomic(join(folder, names.tokenizer), tokenizer);
  await saveCheckpoint(join(folder, names.weights), officialStateDict(model));
  await writeAtomic(join(folder, names.description), `${JSON.stringify(description, undefined, 2)}\n`);
}

/** A model folder whose description has been read. */
export interface ModelFolder {
  name: string;
  description: ModelDescription;
  tokenizer: Uint8Array | undefined;
  openWeights(): Promise<CheckpointReader>;
}

export const isModelFolder = (path: string): Promise<boolean> => access(join(path, names.description)).then(() => true, () => false);

/** @throws CheckpointError for a folder without a readable `model.json`, or one that is no model in the released form */
export async function openModelFolder(folder: string): Promise<ModelFolder> {
  const file = join(folder, names.description);
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  } catch (cause) {
    throw new CheckpointError(`openModelFolder: ${file} cannot be read (${(cause as { code?: string }).code ?? (cause as Error).message}); expected the description of a model. Name a folder that \`multiway finetune\` wrote, its \`model\`.`, { cause });
  }
  const wrong = (field: string, given: unknown, expected: string) => new CheckpointError(`openModelFolder: ${file}: ${JSON.stringify(field)} is ${formatValue(given)}; expected ${expected}.`, { details: { file, field } });
  if (value["format"] !== "multiway-model") throw wrong("format", value["format"], '"multiway-model"');
  if (value["version"] !== 1) throw wrong("version", value["version"], "1");
  const given = (value["model"] ?? {}) as Record<string, unknown>;
  if ((given["form"] ?? "released") !== "released") throw wrong("model.form", given["form"], '"released": fine-tuning reads and writes no other');
  if ((value["tokenIds"] ?? "xlm-roberta") !== "xlm-roberta") throw wrong("tokenIds", value["tokenIds"], '"xlm-roberta"');
  const count = (field: keyof ModelSizes, byDefault?: number): number => {
    const number = given[field] ?? byDefault;
    if (typeof number === "number" && Number.isInteger(number) && number > 0) return number;
    throw wrong(`model.${field}`, number, "a whole number above 0");
  };
  const list = (field: "answers" | "classes"): Partial<ModelDescription> => {
    const texts = value[field];
    if (texts === undefined) return {};
    if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) return { [field]: texts };
    throw wrong(field, texts, "a list of texts");
  };
  const model: ModelSizes = {
    vocabularySize: count("vocabularySize"),
    embedDim: count("embedDim"),
    ffnDim: count("ffnDim"),
    numHeads: count("numHeads"),
    numLayers: count("numLayers"),
    imageSize: count("imageSize"),
    patchSize: count("patchSize"),
    textPositions: count("textPositions", 1024),
  };
  const beside = (field: string, byDefault: string): string => join(folder, typeof value[field] === "string" && /^[^/\\]+$/.test(value[field]) ? value[field] : byDefault);
  return {
    name: folder,
    description: { task: String(value["task"]), model, maxTextLength: typeof value["maxTextLength"] === "number" ? value["maxTextLength"] : Math.min(64, model.textPositions - 2), ...list("answers"), ...list("classes") },
    tokenizer: value["tokenizer"] === undefined ? undefined : await readFile(beside("tokenizer", names.tokenizer)),
    openWeights: () => openCheckpoint(beside("weights", names.weights)),
  };
}
