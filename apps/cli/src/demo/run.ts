import { access } from "node:fs/promises";
import { constants } from "node:fs";
import { join } from "node:path";
import { beit3Tiny } from "@multiway/beit3";
import { saveCheckpoint } from "@multiway/checkpoint";
import { initialise } from "@multiway/nn";
import { key as makeKey, type Key } from "@multiway/random";
import type { Device } from "@multiway/tensor";
import { loadRun, train, type Task, type TrainingRecord } from "@multiway/training";
import { MultiwayTransformer } from "@multiway/transformer";
import { PatchTokenizer } from "@multiway/visual-tokenizer";
import { writeAtomic } from "../files/write-atomic.ts";
import type { Ui } from "../progress/ui.ts";
import type { ReportInput } from "../report/report-input.ts";
import { loadDemoData, patchSize, type DemoData } from "./data.ts";
import { evaluateNaming, evaluatePatches } from "./evaluate.ts";
import { attentionExamples, drawn, meanPatches, retrievalRows } from "./examples.ts";
import { pretrainingStage } from "./pretrain.ts";
import type { Curve } from "./result.ts";
import { pixelSimilarities, recallBothWays, retrievalStage, similarities, type RetrievalStage } from "./retrieve.ts";
import { readRun, saveRun, type RunRecord, type TrainingStageName } from "./saved-run.ts";
import { learnVisualTokens, numCodes } from "./visual-tokens.ts";

/** Optimizer steps of both stages when nothing else is asked for. */
export const defaultSteps = { pretraining: 1300, retrieval: 1100 };
/** A stopped run loses at most this many steps when it is killed rather than stopped. */
const saveEvery = 200;
/** Examples of each kind in the report. */
const exampleCount = 8;

export interface DemoOptions {
  device: Device;
  /** Folder of the emoji set. */
  dataFolder: string;
  /** Where everything goes; it exists. */
  outFolder: string;
  seed: number;
  /** Pretraining steps; retrieval in proportion. */
  steps: number;
  /** Pictures, texts and pairs in a batch of pretraining, of each; retrieval takes a third more pairs. */
  batchSize: number;
  /** Also train the retrieval model from scratch, for as many steps as both stages together. */
  compare: boolean;
  resume: boolean;
  signal: AbortSignal;
  onRecord: (stage: string, record: TrainingRecord) => void;
}

/**
 * The demo from pictures to figures.
 *
 * @returns what the report shows, or undefined when the run was stopped; then its state is in the out folder
 */
export async function runDemo(options: DemoOptions, ui: Ui): Promise<ReportInput | undefined> {
  return await new DemoRun(options, ui).run();
}

class DemoRun {
  readonly #options: DemoOptions;
  readonly #ui: Ui;
  readonly #root: Key;
  readonly #stateFile: string;
  #record: RunRecord;

  constructor(options: DemoOptions, ui: Ui) {
    this.#options = options;
    this.#ui = ui;
    this.#root = makeKey(options.seed);
    this.#stateFile = join(options.outFolder, "run.safetensors");
    this.#record = { seed: options.seed, steps: options.steps, batchSize: options.batchSize, compare: options.compare, stage: "pretraining", step: 0, used: 0, curves: {}, seconds: {} };
  }

  async run(): Promise<ReportInput | undefined> {
    const { device, outFolder, seed, steps, batchSize, compare, resume, signal } = this.#options;
    const retrievalSteps = Math.max(1, Math.round((steps * defaultSteps.retrieval) / defaultSteps.pretraining));
    await access(outFolder, constants.W_OK);
    const resumed = resume ? await readRun(this.#stateFile, { seed, steps, batchSize, compare }) : undefined;
    if (resumed) this.#record = resumed;

    const data = await this.#timed("reading", "Reading pictures and words", () => loadDemoData(this.#options.dataFolder));
    this.#ui.note(`${data.training.length} pictures in three styles, ${data.unseen.length} in a fourth that is kept unseen; ${data.concepts.length} names, ${data.tokenizer.vocabularySize} word pieces`);
    await writeAtomic(join(outFolder, "vocabulary.model"), data.vocabulary);

    let tokenizer = await this.#tokenizer(data, resumed !== undefined);
    if (signal.aborted) return undefined;

    // Pretraining
    const pretraining = await pretrainingStage(data, tokenizer, { device, key: this.#root.fold(2), steps, batchSize });
    let pretrained = pretraining.state.model;
    if (this.#record.stage === "pretraining") {
      let state = { tokenizer, state: pretraining.state };
      if (resumed) {
        state = await loadRun(this.#stateFile, state, device);
        tokenizer = state.tokenizer;
        // The task reads the visual tokens that the run began with.
        const again = await pretrainingStage(data, tokenizer, { device, key: this.#root.fold(2), steps, batchSize });
        pretraining.task = again.task;
      }
      this.#ui.stage("Pretraining", `${pretrained.countParameters().toLocaleString("en-US")} parameters, ${steps} steps of pictures, texts and pairs`);
      const end = await this.#train("pretraining", pretraining.task, state.state, { steps, schedule: pretraining.schedule, key: this.#root.fold(3), tree: (inner) => ({ tokenizer, state: inner }) });
      if (!end) return undefined;
      pretrained = end.model;

      const [naming, patches] = await this.#timed("evaluation", "Looking at the unseen style", async () => [
        await evaluateNaming(pretrained, data, device),
        await evaluatePatches(pretrained, tokenizer, data, { device, key: this.#root.fold(4) }),
      ]);
      const examples = this.#root.fold(5);
      Object.assign(this.#record, {
        naming: naming.figures,
        maskedPatches: patches.figures,
        names: drawn(naming.names, exampleCount * 2, examples.fold(0)),
        patches: drawn(patches.pictures, exampleCount, examples.fold(1)),
      });
      this.#ui.note(`name pieces right with the picture ${percent(naming.figures.withPicture)}, with a blank one ${percent(naming.figures.withoutPicture)}; hidden patches right ${percent(patches.figures.accuracy)}, always the most frequent ${percent(patches.figures.majority)}`);
    }

    // Retrieval: the fine-tuned model starts from copies of the pretrained tensors, since training overwrites what it is given.
    const transformer = await initialise(new MultiwayTransformer(beit3Tiny({ vocabularySize: data.tokenizer.vocabularySize })), { device });
    const isLater = resumed !== undefined && resumed.stage !== "pretraining";
    if (!isLater) transformer.loadStateDict(await copies(pretrained.transformer, device));
    const retrieval = await retrievalStage(data, transformer, { device, key: this.#root.fold(6), steps: retrievalSteps, batchSize: this.#pairs, name: "retrieval" });
    let loaded = { tokenizer, pretrained, retrieval: retrieval.state };
    if (isLater) {
      if (resumed.stage === "retrieval") loaded = await loadRun(this.#stateFile, loaded, device);
      else {
        const late = await loadRun(this.#stateFile, { tokenizer, pretrained, retrieval: retrieval.state.model }, device);
        loaded = { tokenizer: late.tokenizer, pretrained: late.pretrained, retrieval: { ...retrieval.state, model: late.retrieval } };
      }
      ({ tokenizer, pretrained } = loaded);
    }
    let retriever = loaded.retrieval.model;
    if (this.#record.stage !== "fromScratch") {
      if (this.#record.stage === "pretraining") this.#enter("retrieval");
      this.#ui.stage("Retrieval", `pictures and names in one space, ${retrievalSteps} steps`);
      const end = await this.#train("retrieval", retrieval.task, loaded.retrieval, { steps: retrievalSteps, schedule: retrieval.schedule, key: this.#root.fold(7), tree: (state) => ({ tokenizer, pretrained, retrieval: state }) });
      if (!end) return undefined;
      retriever = end.model;
    }

    const found = await this.#timed("search", "Searching among all names", () => similarities(retriever, data, device));
    const recall = recallBothWays(found, data);
    const pixels = recallBothWays(await this.#timed("pixels", "Nearest neighbour on pixels", () => pixelSimilarities(data, device)), data);
    this.#ui.note(`picture to name, recall at 1, 5 and 10: ${recallText(recall.imageToText)}; pixels' nearest neighbour ${recallText(pixels.imageToText)}`);

    let fromScratch: ReportInput["result"]["fromScratch"];
    const scratchSteps = steps + retrievalSteps;
    if (compare) {
      const scratch = await this.#fromScratch(data, { tokenizer, pretrained, retrieval: retriever }, scratchSteps, resumed?.stage === "fromScratch");
      if (!scratch) return undefined;
      fromScratch = recallBothWays(await similarities(scratch.state.model, data, device), data);
      this.#ui.note(`from scratch for ${scratchSteps} steps: ${recallText(fromScratch.imageToText)}`);
    }

    await saveCheckpoint(join(outFolder, "model.safetensors"), { ...prefixed("pretrained.", pretrained.stateDict()), ...prefixed("retrieval.", retriever.stateDict()), ...prefixed("visualTokenizer.", tokenizer.stateDict()) }, {
      format: "multiway demo model 1",
      preset: "beit3Tiny",
      vocabularySize: String(data.tokenizer.vocabularySize),
      seed: String(seed),
      steps: String(steps),
    });

    const examples = this.#root.fold(5);
    const record = this.#record;
    const seconds = { ...record.seconds, total: Object.values(record.seconds).reduce((sum, value) => sum + value, 0) };
    const names = data.names.length;
    return {
      result: {
        seed,
        device: device.name,
        deviceDescription: device.description,
        node: process.version,
        parameters: pretrained.countParameters(),
        vocabularySize: data.tokenizer.vocabularySize,
        visualTokens: { codes: numCodes, used: record.used },
        pictures: { training: data.training.length, unseen: data.unseen.length, concepts: data.concepts.length },
        steps: { pretraining: steps, retrieval: retrievalSteps, ...(compare ? { fromScratch: scratchSteps } : {}) },
        losses: { pretraining: record.curves.pretraining!, retrieval: record.curves.retrieval!, ...(record.curves.fromScratch ? { fromScratch: record.curves.fromScratch } : {}) },
        naming: record.naming!,
        maskedPatches: record.maskedPatches!,
        retrieval: recall,
        pixelNearestNeighbour: pixels,
        chance: { recallAt1: 1 / names, recallAt5: 5 / names, recallAt10: 10 / names },
        ...(fromScratch ? { fromScratch } : {}),
        seconds,
      },
      names: record.names!,
      patches: record.patches!,
      codePatches: await meanPatches(tokenizer, data, device),
      ...retrievalRows(found, data, { key: examples.fold(2), count: exampleCount }),
      attention: await attentionExamples(pretrained, data, { device, key: examples.fold(3), count: 4 }),
      pictures: new Map(data.unseen.map(({ concept, image }) => [data.concepts[concept]!.id, image])),
    };
  }

  /** Visual tokens: learnt, or a blank tokenizer for a resumed run to fill. */
  async #tokenizer(data: DemoData, isResumed: boolean): Promise<PatchTokenizer> {
    const { device, signal } = this.#options;
    const key = this.#root.fold(1);
    if (isResumed) return await initialise(new PatchTokenizer({ patchSize, numCodes }), { device, key });
    const { tokenizer, used } = await this.#timed("visualTokens", "Learning visual tokens", () =>
      learnVisualTokens(data, {
        device,
        key,
        signal,
        onProgress: (step, steps) => this.#ui.progress({ stage: "visual tokens", step, steps, itemsPerSecond: 0, elapsedSeconds: 0, secondsLeft: 0, metrics: {} }),
      }),
    );
    this.#record.used = used;
    this.#ui.note(`${used} of ${numCodes} visual tokens are in use`);
    return tokenizer;
  }

  async #fromScratch(data: DemoData, done: Record<string, unknown>, steps: number, isResumed: boolean): Promise<RetrievalStage | undefined> {
    const { device } = this.#options;
    const transformer = await initialise(new MultiwayTransformer(beit3Tiny({ vocabularySize: data.tokenizer.vocabularySize })), { device, key: this.#root.fold(8) });
    const stage = await retrievalStage(data, transformer, { device, key: this.#root.fold(9), steps, batchSize: this.#pairs, name: "from scratch" });
    const tree = (state: RetrievalStage["state"]) => ({ ...done, scratch: state });
    if (isResumed) stage.state = (await loadRun(this.#stateFile, { scratch: stage.state }, device)).scratch;
    else this.#enter("fromScratch");
    this.#ui.stage("From scratch", `the same model without pretraining, ${steps} steps`);
    const state = await this.#train("fromScratch", stage.task, stage.state, { steps, schedule: stage.schedule, key: this.#root.fold(10), tree });
    return state && { ...stage, state };
  }

  /** Pairs in a batch of retrieval: they cost less than pretraining's three kinds. */
  get #pairs(): number {
    return Math.round((this.#options.batchSize * 4) / 3);
  }

  #enter(stage: TrainingStageName): void {
    this.#record.stage = stage;
    this.#record.step = 0;
  }

  /** Trains a stage on from where it stands. Undefined when the run was stopped; it is saved then. */
  async #train<S, B>(
    name: TrainingStageName,
    task: Task<S, B>,
    state: S,
    options: { steps: number; schedule: (step: number) => number; key: Key; tree: (state: S) => unknown },
  ): Promise<S | undefined> {
    const curve: Curve = (this.#record.curves[name] ??= { steps: [], loss: [], figures: {} });
    const before = this.#record.seconds[name] ?? 0;
    const started = performance.now();
    const { state: end, isFinished } = await train(task, state, {
      ...options,
      firstStep: this.#record.step,
      signal: this.#options.signal,
      saveEvery,
      save: async (current, step) => {
        this.#record.step = step;
        this.#record.seconds[name] = before + (performance.now() - started) / 1000;
        await saveRun(this.#stateFile, options.tree(current), this.#record);
      },
      onRecord: (record) => {
        this.#options.onRecord(name, record);
        const { loss, ...figures } = record.metrics;
        curve.steps.push(record.step);
        curve.loss.push(loss!);
        for (const [figure, value] of Object.entries(figures)) (curve.figures[figure] ??= []).push(value);
      },
      onProgress: (progress) => this.#ui.progress(progress),
    });
    return isFinished ? end : undefined;
  }

  async #timed<T>(name: string, title: string, work: () => Promise<T>): Promise<T> {
    this.#ui.stage(title);
    const started = performance.now();
    const result = await work();
    this.#record.seconds[name] = (this.#record.seconds[name] ?? 0) + (performance.now() - started) / 1000;
    return result;
  }
}

/** Tensors of a module in memory of their own. */
async function copies(module: MultiwayTransformer, device: Device) {
  const entries = await Promise.all(module.tensors().map(async ({ name, tensor }) => [name, device.tensor(await tensor.data(), { shape: tensor.shape })] as const));
  return Object.fromEntries(entries);
}

const prefixed = <T>(prefix: string, record: Record<string, T>): Record<string, T> => Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]));
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const recallText = ({ recallAt1, recallAt5, recallAt10 }: { recallAt1: number; recallAt5: number; recallAt10: number }): string => `${[recallAt1, recallAt5, recallAt10].map((share) => (100 * share).toFixed(1)).join(" / ")} %`;
