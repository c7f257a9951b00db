import { memoryFolder, PretrainedModel, PretrainingRun, writeModelFolder, type Filler, type PretrainingRunState } from "@multiway/beit3";
import { DeviceLostError, OptionError } from "@multiway/errors";
import { blockMask, drawsFrom } from "@multiway/masking";
import { key } from "@multiway/random";
import { tensorsOf, type Device } from "@multiway/tensor";
import { readRun, saveRun, trainAndKeep, type RunRecord } from "@multiway/training";
import { withAlpha } from "./pixels.ts";
import { trainingPlans, type Glimpse, type TrainingFigures, type TrainingNews, type TrainingPlan, type TrainingSoFar } from "./protocol.ts";
import type { Session } from "./session.ts";
import { readTrainingData, type TrainingData } from "./training-data.ts";

const seed = 0;
/** As `multiway pretrain --steps 1000 --eval-every 250` has it. */
const course = { steps: 1000, learningRate: 2e-3, minimumRate: 1e-5, warmupSteps: 100, evaluateEvery: 250 };
const shared = { numHeads: 4, imageSize: 32, patchSize: 8 };
/** Names are short; each length that texts are padded to makes programs of its own. */
const maxTextLength = 16;
const options = { dropPath: 0.1, augment: "light" } as const;
/** Steps from one look at what was learnt to the next; every other time it is saved, too, which takes longer. */
const lookEvery = 25;
/** What is looked at, drawn by the unseen hand. */
const lookedAt = ["dog face", "pizza", "red heart", "sailboat"];
const runFile = "run.safetensors";
/** What `multiway pretrain --new` is told. */
const sizesFile = "sizes.json";

/** Pretraining from nothing, in the page. It lives as long as the worker does: a room may be left and come back to. */
export class Training {
  #data: Promise<TrainingData> | undefined;
  /** The newest saved run, and the files of the best model. */
  readonly #folder = memoryFolder();
  #soFar = nothing("small");
  #running: { controller: AbortController; ended: Promise<unknown> } | undefined;

  get soFar(): TrainingSoFar {
    return this.#soFar;
  }

  /** Files of the saved run, of its sizes, and of the best model so far. @throws OptionError when nothing was saved yet */
  get files(): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
    if (this.#folder.files.has(runFile)) return new Map([...this.#folder.files, [sizesFile, new TextEncoder().encode(`${JSON.stringify(sizesOf(this.#soFar.plan))}\n`)]]);
    throw new OptionError("Nothing was learnt yet. Start the training first.");
  }

  /**
   * Trains from where the saved run stands, or from nothing, until it is paused or at its end. When the device is lost, it goes on from what was saved last, on the next one.
   *
   * @returns whether it came to its end
   */
  async run(session: Session, { plan }: { plan: TrainingPlan }, { signal, onProgress }: { signal: AbortSignal; onProgress: (news: TrainingNews) => void }): Promise<{ isFinished: boolean }> {
    await this.pause();
    if (!this.#folder.files.has(runFile)) this.#soFar = nothing(plan);
    const controller = new AbortController();
    const stop = (): void => controller.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    const running = this.#untilPaused(session, controller.signal, (news) => {
      this.#remember(news);
      onProgress(news);
    });
    this.#running = { controller, ended: running.catch(() => {}) };
    try {
      return { isFinished: await running };
    } finally {
      signal.removeEventListener("abort", stop);
      this.#running = undefined;
    }
  }

  /** Returns when the step under way is done and saved. */
  async pause(): Promise<void> {
    this.#running?.controller.abort(new DOMException("Paused.", "AbortError"));
    await this.#running?.ended;
  }

  /** Forgets what was learnt. */
  async forget(): Promise<TrainingSoFar> {
    await this.pause();
    this.#folder.files.clear();
    return (this.#soFar = nothing(this.#soFar.plan));
  }

  /** Takes a saved run, of this page or of the command line, in place of what was learnt. @throws DataError, TrainingError or CheckpointError for a file that is none, or of another run; what was learnt stays */
  async load(session: Session, file: Blob, signal: AbortSignal): Promise<TrainingSoFar> {
    await this.pause();
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { settings } = await readRun(bytes, {}, { caller: "Train" });
    const plan = settings["batch"] === trainingPlans.tiny.batch ? "tiny" : "small";
    const run = await this.#setUp(session.device, plan, signal);
    const record = await readRun(bytes, run.settings(seed), { caller: "Train" });
    // Its tensors must fit, too.
    free(await run.resume(bytes));
    this.#folder.files.clear();
    this.#folder.files.set(runFile, bytes);
    return (this.#soFar = { ...nothing(plan), step: record.step, evaluations: record.evaluations.map(({ step, figures }) => figuresOf(step, figures)) });
  }

  #remember(news: TrainingNews): void {
    const { losses, words, evaluations } = this.#soFar;
    if (news.kind === "step") {
      // After a lost device, steps come again.
      losses[news.step] = news.loss;
      words[news.step] = news.words;
      losses.length = words.length = news.step + 1;
      this.#soFar.step = news.step + 1;
    } else if (news.kind === "evaluation") evaluations.push(news.evaluation);
    else if (news.kind === "glimpse") this.#soFar.glimpse = news.glimpse;
  }

  async #untilPaused(session: Session, signal: AbortSignal, tell: (news: TrainingNews) => void): Promise<boolean> {
    let device = session.device;
    for (;;) {
      try {
        return await this.#trainOn(device, signal, tell);
      } catch (error) {
        if (signal.aborted && error === signal.reason) return false;
        if (!DeviceLostError.isInstance(error)) throw error;
        device = await session.deviceAfter(device, signal);
        const step = this.#folder.files.has(runFile) ? (await this.#savedRecord()).step : 0;
        tell({ kind: "device", text: `The device was lost. Training goes on from step ${step}, on ${device.name}.` });
      }
    }
  }

  async #trainOn(device: Device, signal: AbortSignal, tell: (news: TrainingNews) => void): Promise<boolean> {
    tell({ kind: "stage", text: "Reading pictures and words" });
    const run = await this.#setUp(device, this.#soFar.plan, signal);
    const saved = this.#folder.files.get(runFile);
    const settings = run.settings(seed);
    const record: RunRecord = { settings, step: 0, evaluations: [], seconds: 0, ...(saved && (await readRun(saved, settings))), learningRate: course.learningRate };
    let state: PretrainingRunState;
    if (saved) state = await run.resume(saved);
    else {
      const { tokenizer } = await run.learnVisualTokens({ signal, onProgress: (done, all) => tell({ kind: "stage", text: `Learning visual tokens: ${Math.round((100 * done) / all)} %` }) });
      state = run.begin(tokenizer);
    }
    const look = await this.#look(run);
    try {
      tell({ kind: "stage", text: "" });
      if (!this.#soFar.glimpse) tell({ kind: "glimpse", glimpse: await look(state, record.step) });
      let rate = 0;
      const result = await trainAndKeep({
        training: run.task(state),
        state,
        course,
        key: run.key,
        record,
        isResumed: saved !== undefined,
        signal,
        saveEvery: lookEvery,
        // What is under way is all that a pause waits for.
        stepsAhead: 1,
        evaluate: async (current) => {
          const { score, figures } = await run.evaluate(current, { signal, onProgress: (done, all) => tell({ kind: "stage", text: `Measuring: ${Math.round((100 * done) / all)} %` }) });
          return { score, figures: { ...figures } };
        },
        keep: async ({ state: { model }, tokenizer }) => await writeModelFolder(this.#folder, PretrainedModel.of(model, tokenizer), { description: run.description, tokenizer: (await this.#data!).vocabulary }),
        save: async (current, now) => {
          state = current;
          // Whoever pauses does not want to wait for it.
          if (!signal.aborted) tell({ kind: "glimpse", glimpse: await look(current, now.step) });
          if (!signal.aborted && now.step % (2 * lookEvery) !== 0 && now.step < course.steps) return;
          await saveRun(await this.#folder.getFileHandle(runFile, { create: true }), current, now);
        },
        onProgress: ({ itemsPerSecond }) => (rate = itemsPerSecond),
        onRecord: ({ step, metrics }) => tell({ kind: "step", step, loss: metrics["loss"]!, words: metrics["pairTextAccuracy"]!, patches: metrics["pairImageAccuracy"]!, perSecond: rate }),
        onEvaluation: ({ step, figures }) => tell({ kind: "evaluation", evaluation: figuresOf(step, figures) }),
      });
      state = result.state;
      return result.isFinished;
    } finally {
      free(state);
    }
  }

  async #setUp(device: Device, plan: TrainingPlan, signal: AbortSignal): Promise<PretrainingRun> {
    this.#data ??= readTrainingData(signal);
    const data = await this.#data.catch((error: unknown) => {
      this.#data = undefined;
      throw error;
    });
    const { codes, batch } = trainingPlans[plan];
    return await PretrainingRun.create({
      ...options, ...data, device, batch, codes, course,
      key: key(seed),
      sizes: { ...sizesOf(plan), vocabularySize: data.tokenizer.vocabularySize },
      maxTextLength,
      tokenizerFile: "sentencepiece.model",
    });
  }

  async #savedRecord(): Promise<{ step: number }> {
    return await readRun(this.#folder.files.get(runFile)!, {});
  }

  /** Hides the last word of each name, and patches of each picture, and shows what is expected there. */
  async #look(run: PretrainingRun): Promise<(state: PretrainingRunState, step: number) => Promise<Glimpse>> {
    const { validation, tokenizer, pictures } = await this.#data!;
    const side = shared.imageSize / shared.patchSize;
    const examples = await Promise.all(
      lookedAt.map(async (name, index) => {
        const { image } = validation.pairs.find(({ text }) => text === name)!;
        const words = name.split(" ").slice(0, -1).join(" ");
        const before = words === "" ? [] : [...tokenizer.tokenize(words)];
        const last = tokenizer.tokenize(name.slice(words.length).trim());
        const isHidden = blockMask({ rows: side, columns: side, count: Math.round(0.4 * side * side), minBlock: 2 }, drawsFrom(key(seed).fold(index)));
        return { picture: await pictures(image), words, ids: Int32Array.from([...before, ...last.map(() => tokenizer.maskId)]), isHidden };
      }),
    );
    let filler: Filler | undefined;
    return async (state, step) => {
      filler = filler ? filler.of(state.state.model) : run.filler(state);
      const shown: Glimpse["examples"] = [];
      for (const { picture, words, ids, isHidden } of examples) {
        const guesses = await filler.words(ids, { picture, top: 1 });
        const { image } = await filler.patches(picture, isHidden);
        const text = tokenizer.decode(guesses.map(({ best }) => best[0]!.id));
        shown.push({ words, guess: text, share: Math.min(...guesses.map(({ best }) => best[0]!.probability)), picture: withAlpha(picture), hidden: [...isHidden].map(Boolean), painted: withAlpha(image) });
      }
      return { step, examples: shown };
    };
  }
}

function sizesOf(plan: TrainingPlan) {
  const { layers, width } = trainingPlans[plan];
  return { numLayers: layers, embedDim: width, ffnDim: 4 * width, ...shared, textPositions: maxTextLength + 2 };
}

const nothing = (plan: TrainingPlan): TrainingSoFar => ({ plan, step: 0, steps: course.steps, losses: [], words: [], evaluations: [] });

const figuresOf = (step: number, figures: Readonly<Record<string, number>>): TrainingFigures => ({ step, words: figures["words"]!, wordsAlone: figures["wordsAlone"]!, patches: figures["patches"]! });

const free = (state: PretrainingRunState): void => {
  for (const { tensor } of tensorsOf(state)) tensor.dispose();
};
