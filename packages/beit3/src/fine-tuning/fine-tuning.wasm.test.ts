import type { CaptioningExample, ClassificationExample, ReasoningExample, RetrievalExample, VqaExample } from "@multiway/data";
import { DataError } from "@multiway/errors";
import { AnswerList } from "@multiway/head-vqa";
import { createImage, fillRect } from "@multiway/images";
import { initialise } from "@multiway/nn";
import { AdamW } from "@multiway/optim";
import { key } from "@multiway/random";
import { openDevice, type Device, type Tensor } from "@multiway/tensor";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";
import { train } from "@multiway/training";
import { MultiwayTransformer } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  answerListOf,
  beit3Small,
  captioningHead,
  classificationHead,
  endsInNorm,
  fineTuningTask,
  HeadContext,
  learntModel,
  reasoningHead,
  retrievalHead,
  scaledLearningRate,
  officialRecipes,
  startFineTuning,
  targetsOf,
  vqaHead,
  type HeadModel,
  type TaskHead,
} from "../index.ts";

let device: Device;
let context: HeadContext;
const colors = ["red", "green", "blue", "grey"];
const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(writeSentencePieceModel(trainUnigram(colors.flatMap((color) => [`a ${color} wall`, "what colour is it"]), { vocabularySize: 60, acceptsFewer: true })))));
const shade: Record<string, number[]> = { red: [220, 20, 20], green: [20, 200, 20], blue: [20, 20, 220], grey: [120, 120, 120] };

beforeAll(async () => {
  device = await openDevice(wasm({ threads: 1 }));
  context = new HeadContext({
    device,
    imageSize: 8,
    vocabularySize: tokenizer.vocabularySize,
    maxTextLength: 12,
    tokenizer,
    augmentation: "light",
    evaluationBatch: 3,
    // With a corner, so that cuts show.
    pictures: (path) => Promise.resolve(fillRect(createImage(10, 9, 3, shade[path]!), { left: 0, top: 0, width: 4, height: 3 }, [0, 0, 0])),
  });
});
afterAll(() => device.close());

const at = (line: number) => ({ file: "train.csv", line });
const classified = (): ClassificationExample[] => colors.map((color, line) => ({ ...at(line), image: color, label: color }));
const sizes = () => beit3Small({ numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: tokenizer.vocabularySize, textPositions: 16 });
const make = <M extends HeadModel, E, B>(head: TaskHead<M, E, B>) => initialise(head.create(new MultiwayTransformer({ ...sizes(), finalNorm: endsInNorm(head.task) })), { device, key: key(1) });
const numbers = async (model: HeadModel) => Object.fromEntries(await Promise.all(model.tensors().map(async ({ name, tensor }) => [name, [...(await tensor.data())]] as const)));

/** Some steps on all examples at once. */
async function learn<M extends HeadModel, E, B>(head: TaskHead<M, E, B>, examples: readonly E[], { steps = 1, rate = 0.01, ...options }: { steps?: number; rate?: number; accumulate?: number; batchSize?: number; averageDecay?: number } = {}) {
  const optimizer = new AdamW({ weightDecay: 0.05 });
  const task = fineTuningTask({ head, examples, optimizer, batchSize: examples.length, key: key(2), ...options });
  const start = await startFineTuning(await make(head), optimizer, device, { averages: options.averageDecay !== undefined });
  const losses: number[] = [];
  const { state } = await train(task, start, { steps, schedule: () => rate, key: key(3), onRecord: ({ metrics }) => losses.push(metrics["loss"]!) });
  return { state, losses };
}

describe("fineTuningTask", () => {
  const plain = () => {
    const still = new HeadContext({ device, imageSize: 8, vocabularySize: 8, maxTextLength: 8, augmentation: "none", pictures: (path) => Promise.resolve(createImage(8, 8, 3, shade[path]!)) });
    return classificationHead(still, { classes: colors, mix: false, labelSmoothing: 0 });
  };
  it("with gradients of two halves is a step on the whole", async () => {
    const whole = await learn(plain(), classified());
    const halves = await learn(plain(), classified(), { batchSize: 2, accumulate: 2 });
    expect(halves.losses[0]).toBeCloseTo(whole.losses[0]!, 5);
    const [a, b] = [await numbers(whole.state.model), await numbers(halves.state.model)];
    // Adam's first step is the sign of the gradient times the rate, where it is not rounding.
    const differing = Object.entries(a).flatMap(([name, values]) => values.filter((value, index) => Math.abs(value - b[name]![index]!) > 1e-4));
    expect(differing.length).toBeLessThan(0.02 * Object.values(a).flat().length);
  });
  it("keeps an average of the weights, which is what was learnt", async () => {
    const before = await numbers(await make(plain()));
    const { state } = await learn(plain(), classified(), { averageDecay: 0.75 });
    expect(learntModel(state)).toBe(state.average);
    const [now, average] = [await numbers(state.model), await numbers(state.average!)];
    for (const [name, values] of Object.entries(average)) values.forEach((value, index) => expect(value).toBeCloseTo(0.75 * before[name]![index]! + 0.25 * now[name]![index]!, 5));
  });
  it("leaves the language branch of a classifier as it is, and keeps no moments of it", async () => {
    const { state } = await learn(plain(), classified(), { steps: 2 });
    const [before, after] = [await numbers(await make(plain())), await numbers(state.model)];
    const ofLanguage = Object.keys(before).filter((name) => /textEmbedding|language/.test(name));
    expect(ofLanguage.length).toBeGreaterThan(20);
    for (const name of ofLanguage) expect(after[name]).toEqual(before[name]);
    expect(Object.keys(state.optimizer.firstMoment).filter((name) => /textEmbedding|language/.test(name))).toEqual([]);
    expect(after["transformer.visionEmbedding.patches.weight"]).not.toEqual(before["transformer.visionEmbedding.patches.weight"]);
  });
});

describe("every head prepares the same batch for the same key, learns, and is measured", () => {
  const text = (color: string) => `a ${color} wall`;
  const heads: Record<string, () => { head: TaskHead<HeadModel, never, unknown>; examples: unknown[] }> = {
    classification: () => ({ head: classificationHead(context, { classes: colors }) as never, examples: classified() }),
    retrieval: () => ({ head: retrievalHead(context) as never, examples: colors.map((color, line): RetrievalExample => ({ ...at(line), image: color, text: text(color), imageId: color })) }),
    captioning: () => ({ head: captioningHead(context) as never, examples: colors.map((color, line): CaptioningExample => ({ ...at(line), image: color, captions: [text(color)], imageId: color })) }),
    vqa: () => ({ head: vqaHead(context, { answers: new AnswerList(colors) }) as never, examples: colors.map((color, line): VqaExample => ({ ...at(line), image: color, question: "what colour is it", answers: [color], questionId: String(line) })) }),
    reasoning: () => ({
      head: reasoningHead(context) as never,
      examples: colors.flatMap((left, line) => colors.slice(0, 2).map((right): ReasoningExample => ({ ...at(line), left, right, sentence: text(left), label: left === right }))),
    }),
  };
  it.each(Object.keys(heads))("%s", { timeout: 60_000 }, async (name) => {
    const { head, examples } = heads[name]!();
    const batchOf = async (seed: number) => {
      const batch = (await head.prepare(examples as never[], key(seed), 0)) as Record<string, Tensor | boolean>;
      return Promise.all(Object.entries(batch).map(async ([field, value]) => [field, typeof value === "boolean" ? value : [...(await value.data())]] as const));
    };
    expect(await batchOf(5)).toEqual(await batchOf(5));
    expect(await batchOf(5)).not.toEqual(await batchOf(6));
    const { state, losses } = await learn(head, examples as never[], { steps: 80, rate: name === "retrieval" ? 0.003 : 0.01 });
    expect(losses.slice(-10).reduce((sum, loss) => sum + loss, 0) / 10).toBeLessThan(losses[0]! * 0.8);
    const { score, figures, predictions } = await head.evaluate(learntModel(state), examples as never[]);
    expect(score).toBeGreaterThan({ classification: 0.7, retrieval: 0.9, captioning: 2, vqa: 0.7, reasoning: 0.7 }[name]!);
    expect(Object.values(figures)).toContain(score);
    expect(predictions).toHaveLength(examples.length);
    await expect(head.evaluate(learntModel(state), examples as never[], { signal: AbortSignal.abort() })).rejects.toThrow("abort");
  });
});

describe("captioning batches", () => {
  it("have one size for one width, and drop the worst late", async () => {
    const head = captioningHead(context, { dropWorstAfter: 10 });
    const examples = colors.map((color, line): CaptioningExample => ({ ...at(line), image: color, captions: [`a ${color} wall`], imageId: color }));
    const batches = await Promise.all([9, 10].map((step) => head.prepare(examples, key(step), step)));
    expect(batches.map(({ dropsWorst }) => dropsWorst)).toEqual([false, true]);
    expect(batches[0]!.positions.shape).toEqual(batches[1]!.positions.shape);
    const { loss } = head.loss(await make(head), batches[1]!, undefined);
    expect(await loss.item()).toBeGreaterThan(0);
    await expect(head.evaluate(await make(head), [{ ...examples[0]!, captions: [] }])).rejects.toThrow("none of 1 pictures has a caption to compare with");
  });
});

describe("answers", () => {
  const question = (answers: string[], line = 2): VqaExample => ({ ...at(line), image: "red", question: "what?", answers, questionId: "1" });
  it("one answer is everybody's and stays as it is; those of several people are cleaned", () => {
    expect(answerListOf([question(["The Left one"]), question(["Two.", "2", "three"])]).answers).toEqual(["The Left one", "2"]);
    expect(answerListOf([question(["a"]), question(["a"]), question(["b"])], { least: 2 }).answers).toEqual(["a"]);
    const list = new AnswerList(["2", "3", "The Left one"]);
    expect([...targetsOf(question(["The Left one"]), list)!]).toEqual([0, 0, 1]);
    expect([...targetsOf(question(["Two.", "2", "three"]), list)!].map((score) => Number(score.toFixed(4)))).toEqual([0.6, 0.3, 0]);
    expect(targetsOf(question(["elephant"]), list)).toBeUndefined();
  });
  it("numbers of index files must be in the list", () => {
    const scored = { ...question([]), scored: { labels: [1, 3], scores: [0.3, 1] } };
    expect([...targetsOf(scored, new AnswerList(["a", "b", "c", "d"]))!].map((score) => Number(score.toFixed(4)))).toEqual([0, 0.3, 0, 1]);
    expect(() => targetsOf(scored, new AnswerList(["a", "b"]))).toThrow(DataError);
    expect(() => targetsOf(scored, new AnswerList(["a", "b"]))).toThrow("train.csv, line 2: answer number 3 is outside the list of 2; expected 0 to 1.");
  });
  it("index files are measured by their scores", async () => {
    const head = vqaHead(context, { answers: new AnswerList(["a", "b"]) });
    const examples = [0.3, 0.6].map((score, line) => ({ ...question([], line), scored: { labels: [0, 1], scores: [score, score] } }));
    expect((await head.evaluate(await make(head), examples)).score).toBeCloseTo(0.45, 5);
  });
});

it("texts that do not fit the model are named by their row", () => {
  expect(() => context.ids([5, 9999], at(7))).toThrow("train.csv, line 7: id 9999 is outside the model's");
  expect(() => context.ids([], at(7))).toThrow("train.csv, line 7: the text has no token; expected at least one.");
  expect(context.ids("a red wall ".repeat(20), at(7))).toHaveLength(12);
});

it("learning rates shrink with the root of the batch, and never grow", () => {
  const recipe = officialRecipes.classification.base;
  expect(scaledLearningRate(recipe, 64)).toBeCloseTo(7e-4 / 4, 9);
  expect(scaledLearningRate(recipe, 4096)).toBe(7e-4);
});
