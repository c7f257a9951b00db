import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { keepingIn, readRunIn, stateFileIn } from "../../apps/cli/src/training-run/run-folder.ts";
import { logRecords, reopenLog } from "../../apps/cli/src/training-run/log-records.ts";
import { readTaskData, type TaskData } from "../../apps/cli/src/finetune/task-data.ts";
import type { Ui } from "../../apps/cli/src/progress/ui.ts";
import {
  answerListOf, captioningHead, classificationHead, describeModel, evaluatePretraining, HeadContext, JointModel, jointTask, openModelFolder, pretrainingBatches, PretrainingModel, pretrainingPart, reasoningHead, retrievalHead, startFineTuning, transformerOptionsOf,
  tunedPart, vqaHead, writeModelFolder, type HeadModel, type JointPart, type ModelFolder, type TaskHead,
} from "../../packages/beit3/src/index.ts";
import { loadCheckpoint } from "../../packages/checkpoint/src/index.ts";
import { classesOf, openFolder, Pictures, readDataset, readPretraining, type DatasetTask, type RowPlace } from "../../packages/data/src/index.ts";
import { initialise } from "../../packages/nn/src/index.ts";
import { AdamW } from "../../packages/optim/src/index.ts";
import { key as makeKey, type Key } from "../../packages/random/src/index.ts";
import type { Device } from "../../packages/tensor/src/index.ts";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "../../packages/tokenizers/src/index.ts";
import { loadRun, trainAndKeep, type EvaluationRecord, type RunRecord } from "../../packages/training/src/index.ts";
import { loadOfficial } from "../../packages/transformer/src/index.ts";
import { PatchTokenizer } from "../../packages/visual-tokenizer/src/index.ts";
import type { HeadRecipe, Recipe } from "./recipe.ts";

export interface TuneOptions {
  recipe: Recipe;
  /** What pretraining left. */
  pretrained: string;
  /** Folder of each set of examples. */
  dataOf: (set: HeadRecipe["set"] | "mixture") => string;
  out: string;
  device: Device;
  ui: Ui;
  signal: AbortSignal;
}

/** What one of the heads learns, how it is measured, and what of it the model folder says. */
interface Learnt {
  part: JointPart;
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
  const start = await pretrainedModel(folder, { device, numCodes, dropPath });
  const visualTokens = new PatchTokenizer({ patchSize: folder.description.model.patchSize, numCodes });
  visualTokens.loadStateDict(await loadCheckpoint(join(pretrained, "visual-tokens.safetensors"), { device }));
  const model = await initialise(
    new JointModel(start.transformer, { ...Object.fromEntries(opened.map(({ head }) => [head.task, head.create(start.transformer)])), pretraining: start }, visualTokens),
    { device, key: key.fold(0) },
  );
  const heads: Learnt[] = [...opened, await openPretraining({ folder, tokenizer, device, dataOf, key: key.fold(1).fold(tasks.length) }, recipe)];
  const description = describeModel({
    task: "joint", heads: model.tasks, model: encoderOptions(folder), maxTextLength: folder.description.maxTextLength, tokenizer: folder.description.tokenizer!, numCodes, ...Object.assign({}, ...heads.map(({ lists }) => lists)),
  });

  const round = heads.reduce((sum, { part }) => sum + part.turns!, 0);
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
    training: jointTask({ parts: heads.map(({ part }) => part), optimizer, gradientNorm: tuning.gradientNorm }),
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
  for (const { part: { task }, measure } of heads) {
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

function contextOf(pictures: Pictures, augmentation: "light" | "none", { folder, tokenizer, device }: HeadOptions): HeadContext {
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

async function openHead(task: DatasetTask, { set, batch, turns, augment }: HeadRecipe, options: HeadOptions): Promise<Learnt & { head: TaskHead<HeadModel, RowPlace, unknown> }> {
  const data = await readTaskData(task, { data: options.dataOf(set) });
  const { head: opened, ...lists } = openers[task](contextOf(new Pictures(data.folder), augment, options), data as TaskData<never>);
  const head = opened as TaskHead<HeadModel, RowPlace, unknown>;
  return {
    head,
    part: tunedPart(head, { examples: data.train, batchSize: batch, turns, key: options.key }),
    measure: (model, signal) => head.evaluate(model.of(task), data.validation, { signal }),
    lists,
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
    part: pretrainingPart({ prepare: pretrainingBatches(contextOf(pictures, "light", options), training, { patchSize, batchSize: pretraining.batch, key: orderKey }), batchSize: pretraining.batch, turns: tuning.pretrainingTurns }),
    async measure(model, signal) {
      const figures = await evaluatePretraining(model.of("pretraining") as PretrainingModel, model.visualTokens!, plain, { images: pairs, texts: pairs, pairs }, { patchSize, batchSize: 64, key: holeKey, signal });
      return { score: -figures.loss, figures: { ...figures } };
    },
    lists: {},
  };
}

const openers: { readonly [T in DatasetTask]: (context: HeadContext, data: TaskData<never>) => { head: unknown; answers?: readonly string[]; classes?: readonly string[] } } = {
  retrieval: (context) => ({ head: retrievalHead(context) }),
  captioning: (context) => ({ head: captioningHead(context) }),
  vqa: (context, { train }) => {
    const answers = answerListOf(train);
    return { head: vqaHead(context, { answers }), answers: answers.answers };
  },
  reasoning: (context) => ({ head: reasoningHead(context) }),
  classification: (context, { train }) => {
    const classes = classesOf(train);
    // All heads of a model folder have their pictures prepared alike.
    return { head: classificationHead(context, { classes, mix: false, recipe: "square" }), classes };
  },
};

const encoderOptions = ({ description }: ModelFolder) => ({ ...transformerOptionsOf(description.model), finalNorm: true });

/** What pretraining left, its heads and all. */
async function pretrainedModel(folder: ModelFolder, { device, numCodes, dropPath }: { device: Device; numCodes: number; dropPath: number }): Promise<PretrainingModel> {
  const model = new PretrainingModel({ ...encoderOptions(folder), dropPathRate: dropPath, numCodes });
  await using weights = await folder.openWeights();
  await loadOfficial(model, weights, { device, strict: true, halves: "widen" });
  return model;
}
