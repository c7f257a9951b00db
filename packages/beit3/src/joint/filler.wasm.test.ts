import type { PretrainingExamples, RetrievalExample } from "@multiway/data";
import { createImage, fillRect, type Image } from "@multiway/images";
import { initialise } from "@multiway/nn";
import { AdamW } from "@multiway/optim";
import { key } from "@multiway/random";
import { openDevice, realize, type Device } from "@multiway/tensor";
import { MultiwayTransformer } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFineTuning } from "../fine-tuning/fine-tuning-task.ts";
import { HeadContext } from "../fine-tuning/head-context.ts";
import { retrievalHead } from "../fine-tuning/heads/retrieval.ts";
import { describeModel, loadBeit3, memoryFolder, writeModelFolder, type Beit3 } from "../pipelines/index.ts";
import { tinyOptions, tokenizer, tokenizerBytes } from "../pipelines/pipelines.samples.ts";
import { learnVisualTokens, pretrainingBatches } from "../pretraining/batches.ts";
import { PretrainingModel } from "../pretraining/model.ts";
import { PretrainedModel } from "../pretraining/pretrained-model.ts";
import { JointModel } from "./joint-model.ts";
import { jointTask, pretrainingPart, tunedPart } from "./joint-task.ts";

const colours = { red: [230, 20, 20], blue: [20, 20, 230], yellow: [230, 220, 20], small: [20, 20, 20] } as const;
const names = Object.keys(colours) as (keyof typeof colours)[];
/** More than there are kinds of patches, so that chance leaves no kind without one. */
const numCodes = 12;

const draw = (name: string): Image => {
  const image = createImage(16, 16, 3, 255);
  fillRect(image, { left: 0, top: 0, width: 16, height: 16 }, colours[name as "red"]);
  return image;
};

let device: Device;
let loaded: Beit3;
/** The same in a pretrained model's folder. */
let pretrained: Beit3;
beforeAll(async () => {
  device = await openDevice(wasm({ threads: 1 }));
  const pairs = names.map((image, line): RetrievalExample => ({ file: "train.csv", line, image, text: `a ${image} box`, imageId: image }));
  const examples: PretrainingExamples = { images: pairs, texts: pairs, pairs };
  const context = new HeadContext({ device, imageSize: 16, pictures: (path) => Promise.resolve(draw(path)), tokenizer, vocabularySize: tinyOptions.vocabularySize, maxTextLength: 12, augmentation: "none" });
  const { tokenizer: visualTokens } = await learnVisualTokens(context, pairs, { patchSize: 8, numCodes, key: key(1) });
  const options = { ...tinyOptions, embedDim: 32, finalNorm: true };
  const transformer = new MultiwayTransformer(options);
  const retrieval = retrievalHead(context);
  const started = await initialise(new JointModel(transformer, { retrieval: retrieval.create(transformer), pretraining: new PretrainingModel({ ...options, numCodes }) }, visualTokens), { device, key: 2 });
  const task = jointTask({
    parts: [tunedPart(retrieval, { examples: pairs, batchSize: 4, key: key(3) }), pretrainingPart({ prepare: pretrainingBatches(context, examples, { patchSize: 8, batchSize: 4, key: key(4), minBlock: 1 }), batchSize: 4, turns: 3 })],
    optimizer: new AdamW({ weightDecay: 0.01 }),
    gradientNorm: 1,
  });
  let state = await realize(await startFineTuning(started, new AdamW(), device));
  for (let step = 0; step < 400; step++) state = task.step(state, await task.prepare(step, key(5).fold(step)), key(6).fold(step), 3e-3).state;
  const folder = memoryFolder();
  const { model } = state;
  const description = describeModel({ task: "joint", heads: model.tasks, model: options, tokenizer: "sentencepiece.model", maxTextLength: 12, numCodes });
  await writeModelFolder(folder, model, { description, tokenizer: tokenizerBytes, floats: "f16" });
  loaded = await loadBeit3(folder, { device });
  const alone = memoryFolder();
  await writeModelFolder(alone, PretrainedModel.of(model.of("pretraining") as PretrainingModel, model.visualTokens!), { description: describeModel({ task: "pretraining", model: options, tokenizer: "sentencepiece.model", maxTextLength: 12, numCodes }), tokenizer: tokenizerBytes, floats: "f16" });
  pretrained = await loadBeit3(alone, { device });
}, 60_000);
afterAll(() => device.close());

test("a hidden word is told from the picture, and cannot be told without one", async () => {
  for (const name of names) {
    const ids = tokenizer.tokenize(`a ${name} box`);
    // All but the pieces of the first and the last word.
    const [from, to] = [tokenizer.tokenize("a").length, ids.length - tokenizer.tokenize("box").length];
    const hidden = ids.map((id, place) => (place >= from && place < to ? tokenizer.maskId : id));
    const seen = await loaded.filler.words(hidden, { picture: draw(name) });
    expect(seen.map(({ place, best }) => [place, best[0]!.id])).toEqual([...ids.subarray(from, to)].map((id, index) => [from + index, id]));
    expect(Math.min(...seen.map(({ best }) => best[0]!.probability))).toBeGreaterThan(0.7);
  }
  const [alone] = await loaded.filler.words("a <mask> box", { top: 4 });
  expect(alone!.place).toBe(tokenizer.tokenize("a").length);
  const ids = [...tokenizer.tokenize("a"), tokenizer.maskId, ...tokenizer.tokenize("box")];
  expect(await loaded.filler.words(Int32Array.from(ids), { top: 4 })).toEqual([alone]);
  expect((await loaded.filler.words("a <mask> box", { top: 4, picture: draw("red") }))[0]!.best).not.toEqual(alone!.best);
});

test("hidden patches are told from those that are left, and painted into the picture", async () => {
  const { guessed, actual, probability, image } = await loaded.filler.patches(draw("blue"), [true, false, false, true]);
  expect(guessed).toEqual(actual);
  expect(Math.min(...probability)).toBeGreaterThan(0.5);
  for (const corner of [0, 3 * (16 * 16 - 1)]) for (const [channel, value] of colours.blue.entries()) expect(Math.abs(image.data[corner + channel]! - value)).toBeLessThan(6);
  // All hidden, only the caption tells.
  const told = await loaded.filler.patches(draw("blue"), [1, 1, 1, 1], { text: "a yellow box" });
  const yellow = await loaded.filler.patches(draw("yellow"), [0, 0, 0, 0]);
  expect(told.guessed).toEqual(yellow.actual);
});

test("a pretrained model guesses the same from a folder of its own, and its encoder alone is read where visual tokens are missing", async () => {
  expect(pretrained.abilities).toEqual(["filler"]);
  const picture = draw("yellow");
  expect(await pretrained.filler.words("a <mask> box", { picture })).toEqual(await loaded.filler.words("a <mask> box", { picture }));
  expect(await pretrained.filler.patches(picture, [1, 0, 0, 1])).toEqual(await loaded.filler.patches(picture, [1, 0, 0, 1]));
  const { numCodes: _, ...description } = pretrained.description;
  const { model: bare } = (pretrained.model as PretrainedModel).parts();
  const folder = memoryFolder();
  await writeModelFolder(folder, bare, { description, tokenizer: tokenizerBytes });
  using encoder = await loadBeit3(folder, { device });
  expect(encoder.abilities).toEqual([]);
  expect(await encoder.encodePair(picture, "a box")).toEqual(await pretrained.encodePair(picture, "a box"));
  expect(() => encoder.filler).toThrow("it has no head, and only encodes. Load a model that was trained for pretraining.");
});

test("what cannot be guessed is refused", async () => {
  await expect(loaded.filler.words("a red box")).rejects.toThrow('filler.words: nothing is hidden in "a red box"; expected <mask> for a word at least.');
  await expect(loaded.filler.patches(draw("red"), [true])).rejects.toThrow("filler.patches: 1 patches are said to be hidden or not; the model's pictures have 2 × 2, 4.");
  await expect(async () => loaded.vqa.answer(draw("red"), "why")).rejects.toThrow(/it has retriever \(ranks pictures and texts\), zeroShot \(classifies by names\) and filler \(guesses what is hidden\), and encodes/);
  expect(() => new JointModel(new MultiwayTransformer(tinyOptions), { pretraining: new PretrainingModel({ ...tinyOptions, numCodes }) })).toThrow("JointModel: a model for pretraining is given without its visual tokens; expected both or neither.");
  const describe = (changes: object) => () => describeModel({ task: "joint", heads: ["pretraining"], model: tinyOptions, ...changes });
  expect(describe({})).toThrow('"numCodes" is missing');
});
