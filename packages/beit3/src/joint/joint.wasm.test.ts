import type { ReasoningExample, RetrievalExample, RowPlace, VqaExample } from "@multiway/data";
import { AnswerList } from "@multiway/head-vqa";
import { fillRect, createImage, type Image } from "@multiway/images";
import { initialise } from "@multiway/nn";
import { AdamW } from "@multiway/optim";
import { key } from "@multiway/random";
import { openDevice, realize, type Device } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFineTuning } from "../fine-tuning/fine-tuning-task.ts";
import { HeadContext } from "../fine-tuning/head-context.ts";
import { reasoningHead } from "../fine-tuning/heads/reasoning.ts";
import { retrievalHead } from "../fine-tuning/heads/retrieval.ts";
import { vqaHead } from "../fine-tuning/heads/vqa.ts";
import type { HeadModel, TaskHead } from "../fine-tuning/task-head.ts";
import { describeModel, loadBeit3, memoryFolder, writeModelFolder } from "../pipelines/index.ts";
import { tinyOptions, tokenizer, tokenizerBytes } from "../pipelines/pipelines.samples.ts";
import { JointModel } from "./joint-model.ts";
import { jointTask, tunedPart } from "./joint-task.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(wasm({ threads: 1 }))));
afterAll(() => device.close());

const place = { file: "train.csv", line: 2 };
const colours = { red: [230, 20, 20], blue: [20, 20, 230] } as const;
type Colour = keyof typeof colours;
const names = Object.keys(colours) as Colour[];

function draw(colour: string): Image {
  const image = createImage(16, 16, 3, 255);
  fillRect(image, { left: 2, top: 2, width: 12, height: 12 }, colours[colour as Colour]);
  return image;
}

const pairs = names.map((image): RetrievalExample => ({ ...place, image, text: `a ${image} square`, imageId: image }));
const questions = names.map((image): VqaExample => ({ ...place, image, question: "what colour is the box", answers: [image === "red" ? "red" : "no"], questionId: image }));
const judgements = names.map((left): ReasoningExample => ({ ...place, left, right: left, sentence: "a red square", label: left === "red" }));
const answers = ["red", "no"];

async function setUp() {
  const context = new HeadContext({ device, imageSize: 16, pictures: (path) => Promise.resolve(draw(path)), tokenizer, vocabularySize: tinyOptions.vocabularySize, maxTextLength: 12, augmentation: "none" });
  const heads = [retrievalHead(context), vqaHead(context, { answers: new AnswerList(answers) }), reasoningHead(context)] as unknown as TaskHead<HeadModel, RowPlace, unknown>[];
  const transformer = new MultiwayTransformer({ ...tinyOptions, finalNorm: true });
  const model = await initialise(new JointModel(transformer, Object.fromEntries(heads.map((head) => [head.task, head.create(transformer)]))), { device, key: 1 });
  const examples: readonly (readonly RowPlace[])[] = [pairs, questions, judgements];
  const parts = heads.map((head, index) => tunedPart(head, { examples: examples[index]!, batchSize: 2, key: key(2).fold(index) }));
  return { heads, model, parts, examples };
}

describe("jointTask", () => {
  it("learns its tasks in turn, and what a task does not read stays bit for bit", async () => {
    const { heads, model, parts } = await setUp();
    const optimizer = new AdamW({ weightDecay: 0.01 });
    const task = jointTask({ parts, optimizer, gradientNorm: 1 });
    const poolerOf = async (joint: JointModel): Promise<number[]> => [...(await joint.stateDict()["heads.vqa.pooler.weight"]!.data())];
    let state = await realize(await startFineTuning(model, optimizer, device));
    const losses: Record<string, number[]> = {};
    let pooler = await poolerOf(state.model);
    for (let step = 0; step < 60; step++) {
      const result = task.step(state, await task.prepare(step, key(3).fold(step)), key(4).fold(step), 3e-3);
      state = result.state;
      const name = heads[step % 3]!.task;
      (losses[name] ??= []).push(await result.metrics[`${name}Loss`]!.item());
      const now = await poolerOf(state.model);
      expect(now.every((value, index) => value === pooler[index])).toBe(name !== "vqa");
      pooler = now;
    }
    for (const name of ["retrieval", "vqa", "reasoning"]) expect(losses[name]!.at(-1)!).toBeLessThan(0.7 * losses[name]![0]!);
  });
});

describe("turns", () => {
  const turnsOf = async (...turns: number[]) => {
    const { heads, examples } = await setUp();
    const seen: (string | undefined)[][] = heads.map(() => []);
    const parts = heads.map((head, index) => {
      const prepare = (given: readonly object[]) => Promise.resolve(void seen[index]!.push((given as { image?: string }[])[0]!.image));
      return tunedPart({ ...head, prepare }, { examples: examples[index]!, batchSize: 1, turns: turns[index]!, key: key(2).fold(index) });
    });
    const task = jointTask({ parts, optimizer: new AdamW(), gradientNorm: 1 });
    const order: number[] = [];
    for (let step = 0; step < 8; step++) order.push((await task.prepare(step, key(3).fold(step))).part);
    return { order, seen };
  };

  it("are spread over a round, and each task goes through its examples", async () => {
    const { order, seen } = await turnsOf(2, 1, 1);
    expect(order).toEqual([0, 1, 2, 0, 0, 1, 2, 0]);
    // Two examples in four turns: each comes twice, once in each pass.
    expect([seen[0]!.slice(0, 2), seen[0]!.slice(2)].map((pass) => new Set(pass))).toEqual([new Set(["blue", "red"]), new Set(["blue", "red"])]);
    expect((await turnsOf(1, 0, 1)).order).toEqual([0, 2, 0, 2, 0, 2, 0, 2]);
  });

  it("are whole numbers", async () => {
    await expect(turnsOf(0.5, 1, 1)).rejects.toThrow("jointTask: turns are 0.5, 1 and 1; expected whole numbers, some above 0.");
    await expect(turnsOf(0, 0, 0)).rejects.toThrow("jointTask: turns are 0, 0 and 0");
  });
});

describe("a joint model in a folder", () => {
  it("comes back with every pipeline, and answers as its parts do", async () => {
    const { heads, model } = await setUp();
    const description = describeModel({ task: "joint", heads: model.tasks, model: { ...tinyOptions, finalNorm: true }, answers, tokenizer: "sentencepiece.model", maxTextLength: 12 });
    const folder = memoryFolder();
    await writeModelFolder(folder, model, { description, tokenizer: tokenizerBytes, floats: "keep" });
    using loaded = await loadBeit3(folder, { device });
    expect(loaded.task).toBe("joint");
    expect([...loaded.abilities].sort()).toEqual(["reasoner", "retriever", "vqa", "zeroShot"]);

    const vqa = heads[1]!;
    const { predictions } = await vqa.evaluate(model.of("vqa"), questions);
    for (const [index, { image, question }] of questions.entries()) expect((await loaded.vqa.answer(draw(image), question as string)).answer).toBe(predictions[index]!["answer"]);
    const ranked = await loaded.retriever.rank({ image: draw("red"), texts: names.map((name) => `a ${name} square`) });
    expect(ranked).toHaveLength(2);
    await expect(async () => loaded.captioner.generate(draw("red"))).rejects.toThrow("captioner, which writes captions, was asked of a model for joint");
  });

  it("says what is wrong with its description", () => {
    const describe = (changes: object) => () => describeModel({ task: "joint", heads: ["retrieval"], model: tinyOptions, ...changes });
    expect(describe({ heads: ["painting" as "vqa"] })).toThrow('"heads" is an array of 1; expected a list of tasks, some of classification, retrieval, captioning, vqa, reasoning');
    expect(describe({ heads: ["vqa"] })).toThrow('"answers" is missing');
  });
});
