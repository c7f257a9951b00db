import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { trainAndKeep, stateFileIn } from "../../apps/cli/src/training-run/train-and-keep.ts";
import { loadRun, readRun, type EvaluationRecord, type RunRecord } from "../../apps/cli/src/training-run/saved-run.ts";
import { logRecords, reopenLog } from "../../apps/cli/src/training-run/log-records.ts";
import { readTaskData, type TaskData } from "../../apps/cli/src/finetune/task-data.ts";
import type { Ui } from "../../apps/cli/src/progress/ui.ts";
import {
  answerListOf, captioningHead, classificationHead, describeModel, HeadContext, JointModel, jointTask, openModelFolder, reasoningHead, retrievalHead, startFineTuning, transformerOptionsOf, vqaHead, writeModelFolder,
  type HeadModel, type JointPart, type ModelFolder, type TaskHead,
} from "../../packages/beit3/src/index.ts";
import { classesOf, Pictures, type DatasetTask, type RowPlace } from "../../packages/data/src/index.ts";
import { initialise } from "../../packages/nn/src/index.ts";
import { AdamW } from "../../packages/optim/src/index.ts";
import { key as makeKey } from "../../packages/random/src/index.ts";
import type { Device } from "../../packages/tensor/src/index.ts";
import { parseSentencePieceModel, SentencePieceTokenizer, XlmRobertaTokenizer } from "../../packages/tokenizers/src/index.ts";
import { loadOfficial, MultiwayTransformer, type OfficialFile } from "../../packages/transformer/src/index.ts";
import type { HeadRecipe, Recipe } from "./recipe.ts";

export interface TuneOptions {
  recipe: Recipe;
  /** The pretrained model's folder. */
  pretrained: string;
  /** Folder of each set of examples. */
  dataOf: (set: HeadRecipe["set"]) => string;
  out: string;
  device: Device;
  ui: Ui;
  signal: AbortSignal;
}

/** A head that is learnt, and what of it the model folder says. */
interface OpenedHead {
  part: JointPart;
  validation: readonly RowPlace[];
  lists: { answers?: readonly string[]; classes?: readonly string[] };
}

/**
 * Tunes the five heads together, from a pretrained encoder; goes on where it was stopped. The best model by the mean of all scores goes to `model` in the out folder, its weights in halves.
 *
 * @returns the best evaluation, or undefined when it was stopped
 */
export async function tune({ recipe, pretrained, dataOf, out, device, ui, signal }: TuneOptions): Promise<EvaluationRecord | undefined> {
  await mkdir(join(out, "model"), { recursive: true });
  const key = makeKey(recipe.seed).fold(1);
  const { tuning } = recipe;
  const folder = await openModelFolder(pretrained);
  const tokenizer = (await folder.readTokenizer())!;
  const tasks = Object.keys(recipe.heads) as DatasetTask[];
  const heads = await Promise.all(tasks.map((task) => openHead(task, recipe.heads[task], { folder, tokenizer, device, dataOf })));
  const model = await startingModel(folder, heads, { device, dropPath: tuning.dropPath, key: key.fold(0) });
  const description = describeModel({
    task: "joint", heads: tasks, model: encoderOptions(folder), maxTextLength: folder.description.maxTextLength, tokenizer: folder.description.tokenizer!, ...Object.assign({}, ...heads.map(({ lists }) => lists)),
  });

  const round = heads.reduce((sum, { part }) => sum + part.turns!, 0);
  const course = { steps: tuning.rounds * round, learningRate: tuning.learningRate, minimumRate: tuning.minimumRate, warmupSteps: tuning.warmupRounds * round, evaluateEvery: tuning.evaluateEveryRounds * round };
  const settings = { recipe: JSON.stringify(recipe) };
  const saved = await readRun(stateFileIn(out), settings).catch(() => undefined);
  const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...saved, learningRate: tuning.learningRate };
  const optimizer = new AdamW({ betas: tuning.betas, weightDecay: tuning.weightDecay });
  const first = await startFineTuning(model, optimizer, device);
  const state = saved ? await loadRun(stateFileIn(out), first, device) : first;

  ui.stage("Tuning five heads", `${model.countParameters().toLocaleString("en-US")} parameters, ${course.steps} steps`);
  await using log = await reopenLog(out, saved);
  const isFinished = await trainAndKeep(
    {
      training: jointTask({ parts: heads.map(({ part }) => part), optimizer, key: key.fold(1), maxGradientNorm: tuning.maxGradientNorm }),
      state,
      course,
      key: key.fold(2),
      outFolder: out,
      record,
      isResumed: saved !== undefined,
      signal,
      onRecord: logRecords(log),
      evaluate: ({ model: current }) => evaluate(current, heads, signal),
      keep: ({ model: current }) => writeModelFolder(join(out, "model"), current, { description, tokenizer, floats: "f16" }),
    },
    ui,
  );
  await log.flush();
  if (!isFinished) return undefined;
  return record.evaluations.reduce((most, evaluation) => (evaluation.score > most.score ? evaluation : most));
}

/** Every head's own figures, under its name. */
export async function evaluate(model: JointModel, heads: readonly OpenedHead[], signal?: AbortSignal): Promise<{ score: number; figures: Record<string, number> }> {
  const figures: Record<string, number> = {};
  let score = 0;
  for (const { part: { head }, validation } of heads) {
    const found = await head.evaluate(model.of(head.task), validation, { signal });
    for (const [name, value] of Object.entries(found.figures)) figures[`${head.task}.${name}`] = value;
    score += found.score / heads.length;
  }
  return { score, figures };
}

interface HeadOptions extends Pick<TuneOptions, "device" | "dataOf"> {
  folder: ModelFolder;
  tokenizer: Uint8Array;
}

async function openHead(task: DatasetTask, { set, batch, turns, augment }: HeadRecipe, { folder, tokenizer, device, dataOf }: HeadOptions): Promise<OpenedHead> {
  const data = await readTaskData(task, { data: dataOf(set) });
  const { model, maxTextLength } = folder.description;
  const pictures = new Pictures(data.folder);
  const context = new HeadContext({
    device,
    imageSize: model.imageSize,
    pictures: (path, place) => pictures.get(path, place),
    tokenizer: new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(tokenizer))),
    vocabularySize: model.vocabularySize,
    maxTextLength,
    augmentation: augment,
    flipProbability: 0,
  });
  const { head, ...lists } = openers[task](context, data as TaskData<never>);
  return { part: { head: head as TaskHead<HeadModel, RowPlace, unknown>, examples: data.train, batchSize: batch, turns }, validation: data.validation, lists };
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

/** The pretrained encoder with new heads. */
async function startingModel(folder: ModelFolder, heads: readonly OpenedHead[], { device, dropPath, key }: { device: Device; dropPath: number; key: ReturnType<typeof makeKey> }): Promise<JointModel> {
  const transformer = new MultiwayTransformer({ ...encoderOptions(folder), dropPathRate: dropPath });
  await using weights = await folder.openWeights();
  await loadOfficial(transformer, encoderOf(weights), { device, strict: true, halves: "widen" });
  const models = heads.map(({ part: { head } }) => [head.task, head.create(transformer)] as const);
  return await initialise(new JointModel(transformer, Object.fromEntries(models)), { device, key });
}

/** The file less the heads of pretraining. */
const encoderOf = (file: OfficialFile): OfficialFile => ({ name: file.name, entries: new Map([...file.entries].filter(([name]) => name.startsWith("beit3."))), read: (name) => file.read(name), readOnto: (...call) => file.readOnto(...call) });
