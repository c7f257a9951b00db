import type { PretrainingExamples } from "@multiway/data";
import { createImage, fillRect, type Image } from "@multiway/images";
import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { parseSentencePieceModel, SentencePieceTokenizer, trainUnigram, writeSentencePieceModel, XlmRobertaTokenizer } from "@multiway/tokenizers";
import { describe, expect, it } from "vitest";
import { HeadContext } from "../fine-tuning/head-context.ts";
import { learnVisualTokens, pretrainingBatches } from "./batches.ts";

const words = ["red", "green", "blue", "grey"];
const colours: Record<string, readonly [number, number, number]> = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], grey: [128, 128, 128] };
const place = { file: "train.csv", line: 2 };
const pairs = words.map((word) => ({ ...place, image: word, text: `a ${word} square on white`, imageId: word }));
const examples: PretrainingExamples = { images: pairs, texts: pairs, pairs };

function draw(word: string): Image {
  const image = createImage(16, 16, 3, 255);
  fillRect(image, { left: 4, top: 4, width: 8, height: 8 }, colours[word]!);
  return image;
}

async function setUp() {
  const device = await openDevice(reference());
  const vocabulary = writeSentencePieceModel(trainUnigram(pairs.map(({ text }) => text), { vocabularySize: 60, acceptsFewer: true }));
  const tokenizer = new XlmRobertaTokenizer(new SentencePieceTokenizer(parseSentencePieceModel(vocabulary)));
  const context = new HeadContext({ device, imageSize: 16, pictures: (path) => Promise.resolve(draw(path)), tokenizer, vocabularySize: tokenizer.vocabularySize, maxTextLength: 12, augmentation: "none" });
  return { device, context, tokenizer };
}

describe("pretrainingBatches", () => {
  it("hides two fifths of the patches and half of a caption, and the same step and key hide the same", async () => {
    const { context, tokenizer } = await setUp();
    const prepare = pretrainingBatches(context, examples, { patchSize: 4, batchSize: 3, key: key(1) });
    const [batch, again, other] = await Promise.all([prepare(0, key(2)), prepare(0, key(2)), prepare(0, key(3))]);
    expect(batch.images.images.shape).toEqual([3, 3, 16, 16]);
    expect(batch.pairs.isMaskedPatch.shape).toEqual([3, 16]);
    expect([...(await batch.pairs.isMaskedPatch.data())].filter(Boolean)).toHaveLength(3 * 6);
    const ids = [...(await batch.pairs.text.data())];
    const targets = [...(await batch.pairs.targets.data())].filter((target) => target >= 0);
    expect(ids.filter((id) => id === tokenizer.maskId).length).toBeGreaterThan(0);
    expect(targets.length).toBeGreaterThanOrEqual(3);
    expect([...(await again.pairs.text.data())]).toEqual(ids);
    expect([...(await other.pairs.isMaskedPatch.data())]).not.toEqual([...(await batch.pairs.isMaskedPatch.data())]);
  });
  it("goes through pictures, texts and pairs in different orders", async () => {
    const { context } = await setUp();
    const prepare = pretrainingBatches(context, examples, { patchSize: 4, batchSize: 4, key: key(1) });
    const { images, pairs: both } = await prepare(0, key(2));
    expect([...(await images.images.data())]).not.toEqual([...(await both.images.data())]);
  });
});

describe("learnVisualTokens", () => {
  it("tells the colours of patches apart", async () => {
    const { context, device } = await setUp();
    const { tokenizer, used } = await learnVisualTokens(context, examples.images, { patchSize: 4, numCodes: 16, key: key(4) });
    const pixels = await context.pixels("square", words.map((word) => ({ path: word, place })));
    const codes = await tokenizer.encode(device.tensor(pixels, { shape: [4, 3, 16, 16] })).data();
    expect(used).toBe(new Set(codes).size);
    expect(new Set(words.map((_, index) => codes[16 * index + 5])).size).toBe(4);
    // Corners are white in all of them.
    expect(new Set(words.map((_, index) => codes[16 * index])).size).toBe(1);
  });
  it("stops when it is told to", async () => {
    const { context } = await setUp();
    await expect(learnVisualTokens(context, examples.images, { patchSize: 4, numCodes: 5, key: key(4), signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
