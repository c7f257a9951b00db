import { totalmem } from "node:os";
import { endsInNorm, officialRecipes, scaledLearningRate, scratchRecipe, type Augmentation, describeModel, type FineTuningRecipe, type HeadModel, type ModelDescription } from "@multiway/beit3";
import { Pictures, type DatasetTask } from "@multiway/data";
import { OptionError } from "@multiway/errors";
import { evaluationView } from "@multiway/images";
import { initialise } from "@multiway/nn";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { taskTextLengths } from "@multiway/tokenizers";
import { MultiwayTransformer } from "@multiway/transformer";
import { loadStart, viewOfTask } from "./load-start.ts";
import { openTask, type HeadFlags, type OpenedTask } from "./opened-task.ts";
import type { Optimization } from "./run.ts";
import { startingPoint, type ModelSizes, type StartFlags } from "./starting-point.ts";
import { readTaskData, type DataFlags, type TaskData } from "./task-data.ts";
import { textTokenizer, tokenizerFile, type TokenizerFlags } from "./text-tokenizer.ts";

/** What the command line says of the optimization; what it does not say comes from a recipe. */
export interface OptimizationFlags {
  steps?: number;
  epochs?: number;
  batch?: number;
  accumulate: number;
  learningRate?: number;
  layerDecay?: number;
  headScale?: number;
  weightDecay?: number;
  dropPath?: number;
  warmup?: number;
  ema?: number;
  clip?: number;
  evalEvery?: number;
}

export type SetUpFlags = DataFlags & StartFlags & TokenizerFlags & OptimizationFlags & Omit<HeadFlags, "mix"> & { augment?: Augmentation; flip?: number; mix?: boolean; textLength?: number };

/** A run before its first step. */
export interface SetUp {
  task: OpenedTask;
  model: HeadModel;
  optimization: Optimization;
  description: ModelDescription;
  tokenizer: Uint8Array | undefined;
  /** What was found and decided, for whoever watches. */
  notes: string[];
}

/** Batches that two CPU cores and a small GPU can hold; contrastive learning wants more. */
const usualBatch = { classification: 64, retrieval: 64, captioning: 32, vqa: 32, reasoning: 32 } as const;
const usualBatchOfReleased = 8;
/** In a run, about, where an epoch is not longer. */
const evaluations = 10;
/** Of pictures that are kept, so that an epoch need not decode them again. */
const mostPictureBytes = Math.min(2 ** 30, totalmem() / 8);
/** The official schedules end here. */
const minimumRate = 1e-6;

/**
 * Reads the data, finds the model to begin with, builds it with its head, and fills in all that was not said.
 *
 * @param isResumed whether weights will come from the saved run, so that none are loaded here
 */
export async function setUp(name: DatasetTask, flags: SetUpFlags, { device, key, isResumed }: { device: Device; key: Key; isResumed: boolean }): Promise<SetUp> {
  const data = await readTaskData(name, flags);
  const start = await startingPoint(flags);
  const texts = await textTokenizer(name, start, data.train, flags);
  const sizes = start.sizes(texts?.tokenizer.vocabularySize);
  if (texts && texts.tokenizer.vocabularySize > sizes.vocabularySize) {
    throw new OptionError(`finetune: the tokenizer has ${texts.tokenizer.vocabularySize} words, the model ${sizes.vocabularySize}; expected the tokenizer that the model was trained with. Give another --tokenizer.`);
  }
  const maxTextLength = textLength(name, flags, sizes);
  const isNew = start.open === undefined;
  const augmentation = flags.augment ?? (isNew ? "light" : "official");
  const pictures = new Pictures(data.folder, {
    mostBytes: mostPictureBytes,
    // What is not augmented looks the same each time.
    ...(augmentation === "none" && { view: evaluationView({ size: sizes.imageSize, recipe: name === "classification" ? "imagenet" : "square" }) }),
  });
  const task = await openTask(
    name,
    data as TaskData<never>,
    {
      device,
      imageSize: sizes.imageSize,
      pictures: (path, place) => pictures.get(path, place),
      tokenizer: texts?.tokenizer,
      vocabularySize: sizes.vocabularySize,
      maxTextLength,
      augmentation,
      flipProbability: flags.flip,
    },
    { flags: { ...flags, mix: flags.mix ?? !isNew }, from: start.description, isTraining: true },
  );
  const recipe = start.size === "new" ? scratchRecipe : officialRecipes[name][start.size];
  const optimization = optimizationOf(name, flags, recipe, task.data.train.length, start.size !== "new");
  const encoder = { ...start.options(sizes), finalNorm: endsInNorm(name) };
  const model = task.head.create(new MultiwayTransformer({ ...encoder, dropPathRate: flags.dropPath ?? recipe.dropPathRate }));
  const notes = [
    `${data.train.length} examples to learn from, ${data.validation.length} to measure on${data.isHeldOut ? ", a tenth that is held out" : ""}${data.test ? `, ${data.test.length} for the test at the end` : ""}`,
    ...task.notes,
  ];
  if (isNew || isResumed) await initialise(model, { device, key });
  else {
    await using file = await start.open!();
    const from = start.description;
    const isSameList = (ours: readonly string[] | undefined, theirs: readonly string[] | undefined) => !theirs || ours?.join("\n") === theirs.join("\n");
    const keepsHead = isSameList(task.lists.classes, from?.classes) && isSameList(task.lists.answers, from?.answers);
    notes.push(...(await loadStart(model, from?.task === "joint" ? viewOfTask(file, name, model) : file, { device, key, keepsHead })));
  }
  return { task, model, optimization, description: describeModel({ task: name, model: encoder, maxTextLength, ...(texts && { tokenizer: tokenizerFile }), ...task.lists }), tokenizer: texts?.bytes, notes };
}

/** @throws OptionError for more than the model has positions for */
function textLength(name: DatasetTask, { textLength: given }: Pick<SetUpFlags, "textLength">, { textPositions }: Pick<ModelSizes, "textPositions">): number {
  const most = textPositions - 2;
  if (given !== undefined && given > most) throw new OptionError(`--text-length is ${given}; expected ${most} or less, as many as the model has positions for. Give a smaller one, or --new with "textPositions" of ${given + 2}.`);
  return given ?? Math.min(taskLengths[name], most);
}

export const taskLengths: { readonly [T in DatasetTask]: number } = {
  classification: taskTextLengths.retrieval,
  retrieval: taskTextLengths.retrieval,
  captioning: taskTextLengths.captioning,
  vqa: taskTextLengths.questionAnswering,
  reasoning: taskTextLengths.reasoning,
};

function optimizationOf(name: DatasetTask, flags: OptimizationFlags, recipe: FineTuningRecipe, examples: number, isReleased: boolean): Optimization {
  const { accumulate } = flags;
  const batchSize = flags.batch ?? Math.min(isReleased ? usualBatchOfReleased : usualBatch[name], Math.max(name === "retrieval" ? 2 : 1, examples));
  const perEpoch = Math.max(1, Math.floor(examples / (batchSize * accumulate)));
  const steps = flags.steps ?? Math.ceil((flags.epochs ?? recipe.epochs) * perEpoch);
  const layerDecay = flags.layerDecay ?? recipe.layerDecay;
  if (flags.headScale !== undefined && layerDecay < 1) throw new OptionError(`--head-scale is ${flags.headScale} beside a layer decay of ${layerDecay}, which says how fast the head learns; give --layer-decay 1, or leave it out.`);
  return {
    steps,
    batchSize,
    accumulate,
    learningRate: flags.learningRate ?? scaledLearningRate(recipe, batchSize * accumulate),
    minimumRate,
    warmupSteps: Math.min(steps, flags.warmup ?? Math.round((steps * recipe.warmupEpochs) / recipe.epochs)),
    betas: recipe.betas,
    weightDecay: flags.weightDecay ?? recipe.weightDecay,
    layerDecay,
    headScale: flags.headScale ?? recipe.headScale,
    maxGradientNorm: flags.clip === 0 ? undefined : (flags.clip ?? recipe.maxGradientNorm),
    averageDecay: flags.ema,
    evaluateEvery: flags.evalEvery ?? Math.max(perEpoch, Math.ceil(steps / evaluations)),
  };
}
