import type { CheckpointSource } from "@multiway/checkpoint";
import type { PretrainingExamples } from "@multiway/data";
import { initialise } from "@multiway/nn";
import { AdamW } from "@multiway/optim";
import type { Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { loadRun, type RunCourse, type RunSettings, type Task } from "@multiway/training";
import type { XlmRobertaTokenizer } from "@multiway/tokenizers";
import { PatchTokenizer } from "@multiway/visual-tokenizer";
import { HeadContext, type Augmentation, type HeadContextOptions } from "../fine-tuning/head-context.ts";
import { describeModel } from "../pipelines/folder/describe-model.ts";
import type { ModelDescription, ModelSizes } from "../pipelines/folder/description.ts";
import { PictureReader } from "../pipelines/inputs/pictures.ts";
import { TextReader } from "../pipelines/inputs/texts.ts";
import { Filler } from "../pipelines/tasks/filler.ts";
import { beit3Small } from "../presets.ts";
import { learnVisualTokens, pretrainingBatches } from "./batches.ts";
import { evaluatePretraining, type PretrainingFigures } from "./evaluate.ts";
import { PretrainingModel, type PretrainingBatch } from "./model.ts";
import { pretrainingTask, startPretraining, type PretrainingState } from "./task.ts";

/** What a run learns, and the visual tokens that it learns to guess: saved together. */
export interface PretrainingRunState {
  tokenizer: PatchTokenizer;
  state: PretrainingState;
}

export interface PretrainingRunOptions {
  device: Device;
  /** From which everything random follows. */
  key: Key;
  sizes: Pick<ModelSizes, "numLayers" | "embedDim" | "numHeads" | "ffnDim" | "imageSize" | "patchSize" | "vocabularySize" | "textPositions">;
  training: PretrainingExamples;
  /** Pairs that are not learnt from. */
  validation: PretrainingExamples;
  /** Gives the decoded picture of a path. */
  pictures: HeadContextOptions["pictures"];
  tokenizer: XlmRobertaTokenizer;
  /** Most tokens of a text, `<s>` and `</s>` included. */
  maxTextLength: number;
  /** What the tokenizer's file is called in the model's folder. */
  tokenizerFile: string;
  /** Pictures, texts and pairs in a batch, of each. */
  batch: number;
  /** Visual tokens. */
  codes: number;
  /** Rate of stochastic depth in the last layer. */
  dropPath: number;
  augment: Augmentation;
  course: RunCourse;
}

const maxGradientNorm = 3;
const evaluationBatch = 64;

/**
 * The pretraining of a small model from nothing, from examples to figures: what `multiway pretrain` and a page do alike. `trainAndKeep` of `@multiway/training` runs it; whoever does says where it is saved.
 */
export class PretrainingRun {
  readonly model: PretrainingModel;
  readonly description: ModelDescription;
  readonly #options: PretrainingRunOptions;
  readonly #plainContext: HeadContext;
  readonly #optimizer = new AdamW({ betas: [0.9, 0.98], epsilon: 1e-6, weightDecay: 0.05 });

  private constructor(options: PretrainingRunOptions, model: PretrainingModel) {
    const { sizes, maxTextLength, tokenizerFile } = options;
    this.#options = options;
    this.model = model;
    this.description = describeModel({ task: "pretraining", model: beit3Small(sizes), maxTextLength, tokenizer: tokenizerFile, numCodes: options.codes });
    this.#plainContext = this.#context("none");
  }

  /** Builds the model. */
  static async create(options: PretrainingRunOptions): Promise<PretrainingRun> {
    const { sizes, dropPath, codes, device, key } = options;
    const model = new PretrainingModel({ ...beit3Small(sizes), dropPathRate: dropPath, numCodes: codes });
    return new PretrainingRun(options, await initialise(model, { device, key: key.fold(0).fold(0) }));
  }

  get key(): Key {
    return this.#options.key.fold(3);
  }
  get course(): RunCourse {
    return this.#options.course;
  }

  /** What must stay as it is for a saved run to go on; `seed` is what the key was made of. */
  settings(seed: number): RunSettings {
    const { training, validation, batch, codes, dropPath, augment, sizes, course } = this.#options;
    const { learningRate: _, ...rest } = course;
    return { task: "pretraining", seed, batch, codes, dropPath, augment, pictures: training.images.length, texts: training.texts.length, pairs: training.pairs.length, validation: validation.pairs.length, ...rest, ...sizes };
  }

  /** Learns visual tokens. @returns how many of them are in use, beside the tokenizer @throws the signal's reason when it is aborted */
  learnVisualTokens(options: { signal?: AbortSignal; onProgress?: (done: number, all: number) => void } = {}): Promise<{ tokenizer: PatchTokenizer; used: number }> {
    const { sizes, codes, training, key } = this.#options;
    return learnVisualTokens(this.#plainContext, training.images, { patchSize: sizes.patchSize, numCodes: codes, key: key.fold(1), ...options });
  }

  /** The state before the first step. */
  begin(tokenizer: PatchTokenizer): PretrainingRunState {
    return { tokenizer, state: startPretraining(this.model, this.#optimizer, this.#options.device) };
  }

  /** The state of a saved run, its visual tokens with it. @throws TrainingError naming everything that is missing or of another shape */
  async resume(source: CheckpointSource): Promise<PretrainingRunState> {
    const { sizes, codes, device, key } = this.#options;
    const room = await initialise(new PatchTokenizer({ patchSize: sizes.patchSize, numCodes: codes }), { device, key: key.fold(1) });
    return await loadRun(source, this.begin(room), device);
  }

  /** What `trainAndKeep` trains, over a state with these visual tokens. */
  task({ tokenizer }: PretrainingRunState): Task<PretrainingRunState, PretrainingBatch> {
    const { training, sizes, batch, augment, key } = this.#options;
    const { step, ...task } = pretrainingTask({
      tokenizer,
      optimizer: this.#optimizer,
      maxGradientNorm,
      prepare: pretrainingBatches(this.#context(augment), training, { patchSize: sizes.patchSize, batchSize: batch, key: key.fold(2) }),
      itemsPerBatch: 3 * batch,
    });
    return {
      ...task,
      step: ({ tokenizer: kept, state }, ...rest) => {
        const { state: next, metrics } = step(state, ...rest);
        return { state: { tokenizer: kept, state: next }, metrics };
      },
    };
  }

  /** Guesses what is hidden with what was learnt so far; `of` takes it to later states. */
  filler({ tokenizer, state }: PretrainingRunState): Filler {
    const { device, sizes: { vocabularySize }, tokenizer: words } = this.#options;
    const { image, maxTextLength: maxLength } = this.description;
    return new Filler(state.model, tokenizer, { device, texts: new TextReader(words, { maxLength, vocabularySize, device }), pictures: new PictureReader(image, device), batchSize: 1 });
  }

  /** How well the validation pairs' hidden words and patches are guessed. */
  async evaluate({ tokenizer, state }: PretrainingRunState, options: { signal?: AbortSignal; onProgress?: (done: number, all: number) => void } = {}): Promise<{ score: number; figures: PretrainingFigures }> {
    const { validation, sizes, key } = this.#options;
    const figures = await evaluatePretraining(state.model, tokenizer, this.#plainContext, validation, { patchSize: sizes.patchSize, batchSize: evaluationBatch, key: key.fold(4), ...options });
    return { score: -figures.loss, figures };
  }

  #context(augmentation: Augmentation): HeadContext {
    const { device, sizes, pictures, tokenizer, maxTextLength } = this.#options;
    return new HeadContext({ device, imageSize: sizes.imageSize, pictures, tokenizer, vocabularySize: sizes.vocabularySize, maxTextLength, augmentation, flipProbability: 0 });
  }
}
