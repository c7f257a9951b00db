import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { keepingIn, readRunIn, stateFileIn } from "../../apps/cli/src/training-run/run-folder.ts";
import { logRecords, reopenLog } from "../../apps/cli/src/training-run/log-records.ts";
import { readTaskData } from "../../apps/cli/src/finetune/task-data.ts";
import type { Ui } from "../../apps/cli/src/progress/ui.ts";
import {
  answerListOf, captioningHead, classificationHead, describeModel, evaluatePretraining, HeadContext, JointModel, jointTask, openModelFolder, PretrainedModel, pretrainingBatches, type PretrainingModel, pretrainingPart, reasoningHead, retrievalHead, startFineTuning, transformerOptionsOf,
  tunedPart, vqaHead, writeModelFolder, type HeadModel, type JointPart, type ModelFolder, type TaskHead,
} from "../../packages/beit3/src/index.ts";
import { classesOf, openFolder, Pictures, readDataset, readPretraining, type ClassificationExample, type DatasetTask, type RowPlace, type VqaExample } from "../../packages/data/src/index.ts";
import type { AnswerList } from "../../packages/head-vqa/src/index.ts";
import { initialise } from "../../packages/nn/src/index.ts";
import { AdamW } from "../../packages/optim/src/index.ts";
import { key as makeKey, type Key } from "../../packages/random/src/index.ts";
import type { Device } from "../../packages/tensor/src/index.ts";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "../../packages/tokenizers/src/index.ts";
import { loadRun, trainAndKeep, type EvaluationRecord, type RunRecord } from "../../packages/training/src/index.ts";
import { loadOfficial } from "../../packages/transformer/src/index.ts";
import type { Recipe, SetRecipe } from "./recipe.ts";

export interface TuneOptions {
  recipe: Recipe;
  /** What pretraining left. */
  pretrained: string;
  /** Folder of each set of examples. */
  dataOf: (set: SetRecipe["set"] | "mixture") => string;
  out: string;
  device: Device;
  ui: Ui;
  signal: AbortSignal;
}

/** What one of the heads learns, how it is measured, and what of it the model folder says. */
interface Learnt {
  parts: JointPart[];
  measure: (model: JointModel, signal: AbortSignal) => Promise<{ score: number; figures: Readonly<Record<string, number>> }>;
  lists: { answers?: readonly string[]; classes?: readonly string[] };
}

/**
 * Tunes the five heads together, from a pretrained encoder, whose own heads go on learning beside them; goes on where it was stopped. The best model by the mean of the five scores goes to `model` in the out folder, its weights in
 * halves.
 *
 * @returns the best evaluation, or undefined when it was stopped
 */
export async function tune({ recipe, pretrained, dataOf, out, device, ui, signal }: TuneOptions): Promise<EvaluationRecord | undefined> {
  await mkdir(join(out, "model"), { recursive: true });
  const key = makeKey(recipe.seed).fold(1);
  const { tuning } = recipe;
  const { numCodes, dropPath } = { numCodes: recipe.pretraining.codes, dropPath: tuning.dropPath };
  const folder = await openModelFolder(join(pretrained, "model"));
  const tokenizer = (await folder.readTokenizer())!;
  const tasks = Object.keys(recipe.heads) as DatasetTask[];
  const opened = await Promise.all(tasks.map((task, index) => openHead(task, recipe.heads[task], { folder, tokenizer, device, dataOf, key: key.fold(1).fold(index) })));
  const { model: start, visualTokens } = (await pretrainedModel(folder, { device, numCodes, dropPath })).parts();
  const model = await initialise(
    new JointModel(start.transformer, { ...Object.fromEntries(opened.map(({ head }) => [head.task, head.create(start.transformer)])), pretraining: start }, visualTokens),
    { device, key: key.fold(0) },
  );
  const heads: Learnt[] = [...opened, await openPretraining({ folder, tokenizer, device, dataOf, key: key.fold(1).fold(tasks.length) }, recipe)];
  const description = describeModel({
    task: "joint", heads: model.tasks, model: encoderOptions(folder), maxTextLength: folder.description.maxTextLength, tokenizer: folder.description.tokenizer!, numCodes, ...Object.assign({}, ...heads.map(({ lists }) => lists)),
  });

  const parts = heads.flatMap((head) => head.parts);
  const round = parts.reduce((sum, { turns }) => sum + turns!, 0);
  const course = { steps: tuning.rounds * round, learningRate: tuning.learningRate, minimumRate: tuning.minimumRate, warmupSteps: tuning.warmupRounds * round, evaluateEvery: tuning.evaluateEveryRounds * round };
  const settings = { recipe: JSON.stringify(recipe) };
  const saved = existsSync(stateFileIn(out)) ? await readRunIn(out, settings) : undefined;
  const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...saved, learningRate: tuning.learningRate };
  const optimizer = new AdamW({ betas: tuning.betas, weightDecay: tuning.weightDecay });
  const first = await startFineTuning(model, optimizer, device);
  const state = saved ? await loadRun(stateFileIn(out), first, device) : first;

  ui.stage("Tuning five heads", `${model.countParameters().toLocaleString("en-US")} parameters, ${course.steps} steps`);
  await using log = await reopenLog(out, saved);
  const { isFinished } = await trainAndKeep({
    ...keepingIn(out, { steps: course.steps, ui, write: logRecords(log) }),
    training: jointTask({ parts, optimizer, gradientNorm: tuning.gradientNorm }),
    state,
    course,
    key: key.fold(2),
    record,
    isResumed: saved !== undefined,
    signal,
    evaluate: ({ model: current }) => evaluate(current, heads, signal),
    keep: ({ model: current }) => writeModelFolder(join(out, "model"), current, { description, tokenizer, floats: "f16" }),
  });
  await log.flush();
  if (!isFinished) return undefined;
  return record.evaluations.reduce((most, evaluation) => (evaluation.score > most.score ? evaluation : most));
}

/** Every head's own figures, under its name; the score is that of the five tasks. */
async function evaluate(model: JointModel, heads: readonly Learnt[], signal: AbortSignal): Promise<{ score: number; figures: Record<string, number> }> {
  const figures: Record<string, number> = {};
  const scores: number[] = [];
  for (const { parts, measure } of heads) {
    const { task } = parts[0]!;
    const found = await measure(model, signal);
    for (const [name, value] of Object.entries(found.figures)) figures[`${task}.${name}`] = value;
    if (task !== "pretraining") scores.push(found.score);
  }
  return { score: scores.reduce((sum, score) => sum + score, 0) / scores.length, figures };
}

interface HeadOptions extends Pick<TuneOptions, "device" | "dataOf"> {
  folder: ModelFolder;
  tokenizer: Uint8Array;
  key: Key;
}

function contextOf(pictures: Pictures, augmentation: SetRecipe["augment"], { folder, tokenizer, device }: HeadOptions): HeadContext {
  const { model, maxTextLength } = folder.description;
  return new HeadContext({
    device,
    imageSize: model.imageSize,
    pictures: (path, place) => pictures.get(path, place),
    tokenizer: new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(tokenizer))),
    vocabularySize: model.vocabularySize,
    maxTextLength,
    augmentation,
    flipProbability: 0,
  });
}

async function openHead(task: DatasetTask, sets: readonly SetRecipe[], options: HeadOptions): Promise<Learnt & { head: TaskHead<HeadModel, RowPlace, unknown> }> {
  const data = await Promise.all(sets.map(({ set }) => readTaskData(task, { data: options.dataOf(set) })));
  const lists = listsOf(task, data.flatMap(({ train }): readonly RowPlace[] => train));
  const heads = data.map(({ folder }, index) => openers[task](contextOf(new Pictures(folder), sets[index]!.augment, options), lists) as TaskHead<HeadModel, RowPlace, unknown>);
  const [head, measured] = [heads[0]!, data[0]!];
  return {
    head,
    parts: sets.map(({ batch, turns }, index) => tunedPart(heads[index]!, { examples: data[index]!.train, batchSize: batch, turns, key: options.key.fold(index) })),
    measure: (model, signal) => head.evaluate(model.of(task), measured.validation, { signal }),
    lists: { ...lists, ...(lists.answers && { answers: lists.answers.answers }) } as Learnt["lists"],
  };
}

/** The heads of pretraining, which would forget what the encoder no longer says. */
async function openPretraining(options: HeadOptions, { pretraining, tuning }: Recipe): Promise<Learnt> {
  const folder = await openFolder(options.dataOf("mixture"));
  const training = await readPretraining(folder);
  const pairs = (await readDataset("retrieval", folder, { split: "validation" }))!;
  const pictures = new Pictures(folder);
  const { patchSize } = options.folder.description.model;
  const [orderKey, holeKey] = options.key.split(2) as [Key, Key];
  const plain = contextOf(pictures, "none", options);
  return {
    parts: [pretrainingPart({ prepare: pretrainingBatches(contextOf(pictures, "light", options), training, { patchSize, batchSize: pretraining.batch, key: orderKey }), batchSize: pretraining.batch, turns: tuning.pretrainingTurns })],
    async measure(model, signal) {
      const figures = await evaluatePretraining(model.of("pretraining") as PretrainingModel, model.visualTokens!, plain, { images: pairs, texts: pairs, pairs }, { patchSize, batchSize: 64, key: holeKey, signal });
      return { score: -figures.loss, figures: { ...figures } };
    },
    lists: {},
  };
}

/** What a head chooses from. */
interface Lists {
  answers?: AnswerList;
  classes?: readonly string[];
}

function listsOf(task: DatasetTask, examples: readonly RowPlace[]): Lists {
  if (task === "vqa") return { answers: answerListOf(examples as readonly VqaExample[]) };
  return task === "classification" ? { classes: classesOf(examples as readonly ClassificationExample[]) } : {};
}

const openers: { readonly [T in DatasetTask]: (context: HeadContext, lists: Lists) => unknown } = {
  retrieval: (context) => retrievalHead(context),
  captioning: (context) => captioningHead(context),
  vqa: (context, { answers }) => vqaHead(context, { answers: answers! }),
  reasoning: (context) => reasoningHead(context),
  // All heads of a model folder have their pictures prepared alike.
  classification: (context, { classes }) => classificationHead(context, { classes: classes!, mix: false, recipe: "square" }),
};

const encoderOptions = ({ description }: ModelFolder) => ({ ...transformerOptionsOf(description.model), finalNorm: true });

/** What pretraining left, its heads and all. */
async function pretrainedModel(folder: ModelFolder, { device, numCodes, dropPath }: { device: Device; numCodes: number; dropPath: number }): Promise<PretrainedModel> {
  const model = new PretrainedModel({ ...encoderOptions(folder), dropPathRate: dropPath, numCodes });
  await using weights = await folder.openWeights();
  await loadOfficial(model, weights, { device, strict: true, halves: "widen" });
  return model;
}
