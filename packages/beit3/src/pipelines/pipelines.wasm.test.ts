import { loadCheckpoint } from "@multiway/checkpoint";
import { MultiwayError } from "@multiway/errors";
import { evaluationTransform, type Image } from "@multiway/images";
import { openDevice, realize, stack, type Device, type Tensor } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beit3Tiny } from "../presets.ts";
import { loadBeit3, type Beit3 } from "./index.ts";
import { picture, tinyAnswers, tinyClasses, tinyFolder, tinyOptions, tokenizer } from "./pipelines.samples.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(wasm({ threads: 1 }))));
afterAll(() => device.close());

const pictures = [1, 2, 3].map((seed) => picture(seed));
const texts = ["a red square", "how many circles are there in the picture", "a dog"];

/** What the models themselves are given. */
function inputs(images: readonly Image[], recipe: "square" | "imagenet" = "square"): Tensor {
  const transform = evaluationTransform({ size: tinyOptions.imageSize, recipe });
  return device.tensor(Float32Array.from(images.flatMap((image) => [...transform(image)])), { shape: [images.length, 3, 16, 16] });
}
const ids = (text: string): Tensor => {
  const framed = tokenizer.encode(text).ids;
  return device.tensor(framed, { shape: [1, framed.length] });
};
const notPadded = (text: Tensor): Tensor => device.tensor(new Uint8Array(text.size), { shape: text.shape, dtype: "bool" });
const numbers = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.data());
const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>): void => {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs));
  const worst = Math.max(...Array.from(actual, (value, index) => Math.abs(value - expected[index]!)));
  // Batches and padding change in which order sums are taken.
  expect(worst / scale).toBeLessThan(2e-5);
};
const messageOf = async (run: Promise<unknown>): Promise<string> => {
  const error: unknown = await run.then(() => undefined, (reason: unknown) => reason);
  expect(MultiwayError.isInstance(error)).toBe(true);
  return (error as Error).message;
};

describe("vectors", () => {
  test("of a model for retrieval are its unit vectors, one or many", async () => {
    const { folder, model } = await tinyFolder("retrieval", device);
    using loaded = await loadBeit3(folder, { device, batchSize: 2 });
    const expected = await numbers(model.encodeImages(inputs(pictures)));
    const encoded = await loaded.encodeImage(pictures);
    expectClose(encoded.flatMap(({ vector }) => [...vector]), expected);
    expectClose((await loaded.encodeImage(pictures[2]!)).vector, expected.slice(32));
    for (const [index, { vector }] of (await loaded.encodeText(texts)).entries()) expectClose(vector, await numbers(model.encodeTexts(ids(texts[index]!), notPadded(ids(texts[index]!)))));
  });

  test("of pairs: picture, text and both in one call, with tokens, hidden states and attention without padding", async () => {
    const { folder, model } = await tinyFolder("encoder", device);
    using loaded = await loadBeit3(folder, { device });
    const encoded = await loaded.encodePair(pictures, texts, { tokens: true, hiddenStates: true, attentions: true });
    for (const [index, pair] of encoded.entries()) {
      const [images, text] = [inputs([pictures[index]!]), ids(texts[index]!)];
      const fused = await realize(model.transformer.encodeFusion({ images, text }, { hidden: true, attention: true }));
      expectClose(pair.image, await numbers(model.transformer.encodeVision(images).vision.slice([null, 0])));
      expectClose(pair.text, await numbers(model.transformer.encodeLanguage(text).language.slice([null, 0])));
      expectClose(pair.joint, await numbers(fused.vision.slice([null, 0])));
      expect(pair.tokens!.language.shape).toEqual([text.size, 16]);
      for (const modality of ["vision", "language"] as const) {
        expectClose(pair.tokens![modality].data, await numbers(fused[modality]));
        expect(pair.hiddenStates).toHaveLength(3);
        for (const [layer, states] of pair.hiddenStates!.entries()) expectClose(states[modality].data, await numbers(fused.hidden![layer]![modality]!));
        expect(pair.attentions).toHaveLength(2);
        for (const [layer, maps] of pair.attentions!.entries()) {
          expect(maps[modality].shape).toEqual(fused.attention![layer]![modality]!.shape.slice(1));
          expectClose(maps[modality].data, await numbers(fused.attention![layer]![modality]!));
        }
      }
    }
    const alone = await loaded.encodeText(texts[0]!, { attentions: true, hiddenStates: true });
    const text = ids(texts[0]!);
    const expected = await realize(model.transformer.encodeLanguage(text, { attention: true, hidden: true }));
    expectClose(alone.attentions![1]!.data, await numbers(expected.attention![1]!.language!));
    expectClose(alone.hiddenStates![2]!.data, await numbers(expected.hidden![2]!.language!));
    expect((await loaded.encodeImage(pictures[0]!, { tokens: true })).tokens!.shape).toEqual([5, 16]);
  });
});

describe("heads", () => {
  test("vqa: the answers with the largest logits, for any lengths of questions", async () => {
    const { folder, model } = await tinyFolder("vqa", device);
    using loaded = await loadBeit3(folder, { device });
    const answered = await loaded.vqa.answer(pictures, texts, { top: 2 });
    for (const [index, { answer, score, best }] of answered.entries()) {
      const logits = await numbers(model.forward({ images: inputs([pictures[index]!]), text: ids(texts[index]!) }));
      const largest = Math.max(...logits);
      expect(answer).toBe(tinyAnswers[logits.indexOf(largest)]);
      expect(score).toBeCloseTo(1 / (1 + Math.exp(-largest)), 5);
      expect(best).toHaveLength(2);
      expect(best[0]).toEqual({ answer, score });
    }
    expect(await loaded.vqa.answer(pictures[1]!, texts[1]!, { top: 2 })).toEqual(answered[1]);
  });

  test("reasoner: the probability of the second class", async () => {
    const { folder, model } = await tinyFolder("reasoning", device);
    using loaded = await loadBeit3(folder, { device });
    const [left, right] = [pictures.slice(0, 2), pictures.slice(1, 3)];
    const judged = await loaded.reasoner.judge(left, right, texts.slice(0, 2));
    for (const [index, { isTrue, probability }] of judged.entries()) {
      const images = stack([inputs([left[index]!]), inputs([right[index]!])], 1);
      const [, expected] = await numbers(model.forward({ images, text: ids(texts[index]!) }).softmax(-1));
      expect(probability).toBeCloseTo(expected!, 5);
      expect(isTrue).toBe(expected! > 0.5);
    }
  });

  test("classifier: pictures prepared as for ImageNet, classes by name", async () => {
    const { folder, model } = await tinyFolder("classification", device);
    using loaded = await loadBeit3(folder, { device });
    const probabilities = await numbers(model.forward(inputs([pictures[0]!], "imagenet")).softmax(-1));
    const choices = await loaded.classifier.classify(pictures[0]!);
    expect(new Set(choices.map(({ name }) => name))).toEqual(new Set(tinyClasses));
    for (const { index, name, probability } of choices) {
      expect(name).toBe(tinyClasses[index]);
      expect(probability).toBeCloseTo(probabilities[index]!, 5);
    }
    expect(choices[0]!.probability).toBe(Math.max(...choices.map((choice) => choice.probability)));
  });

  test("captioner: one caption for each picture, the same alone and in a batch, none longer than asked", async () => {
    const { folder } = await tinyFolder("captioning", device);
    using loaded = await loadBeit3(folder, { device });
    const captions = await loaded.captioner.generate(pictures, { maxLength: 8 });
    expect(captions).toHaveLength(3);
    const told: string[] = [];
    const alone = await loaded.captioner.generate(pictures[1]!, { maxLength: 8, numBeams: 1, onWord: (text, picture) => told.push(`${picture} ${text}`) });
    // One beam goes on from itself: each text begins as the one before.
    expect(told.length).toBeGreaterThan(0);
    told.forEach((text, index) => expect(text.startsWith(told[index - 1] ?? "0 ")).toBe(true));
    expect(told.at(-1)).toBe(`0 ${alone.text}`);
    const again = await loaded.captioner.generate(pictures[1]!, { maxLength: 8 });
    expect(again.text).toBe(captions[1]!.text);
    expect(again.score).toBeCloseTo(captions[1]!.score, 4);
    expect(tokenizer.tokenize(alone.text).length).toBeLessThanOrEqual(8);
    expect(await messageOf(loaded.captioner.generate(pictures[0]!, { maxLength: 39 }))).toBe("captioner.generate: maxLength is 39; the model has positions for 38 tokens. Ask for shorter captions.");
  });

  test("retriever and zeroShot rank by products of vectors, which may have been made before", async () => {
    const { folder, model } = await tinyFolder("retrieval", device);
    using loaded = await loadBeit3(folder, { device });
    const images = await numbers(model.encodeImages(inputs(pictures)));
    const similarity = async (image: number, text: string): Promise<number> => {
      const vector = await numbers(model.encodeTexts(ids(text), notPadded(ids(text))));
      return vector.reduce((sum, value, at) => sum + value * images[image * 16 + at]!, 0);
    };
    const ranked = await loaded.retriever.rank({ text: texts[0]!, images: pictures });
    expect(ranked.map(({ score }) => score)).toEqual(ranked.map(({ score }) => score).sort((a, b) => b - a));
    for (const { index, score } of ranked) expect(score).toBeCloseTo(await similarity(index, texts[0]!), 4);
    const vectors = (await loaded.encodeImage(pictures)).map(({ vector }) => vector);
    expect((await loaded.retriever.rank({ text: texts[0]!, images: vectors }, { top: 1 }))[0]!.index).toBe(ranked[0]!.index);
    expect(new Set((await loaded.retriever.rank({ image: vectors[0]!, texts })).map(({ index }) => index))).toEqual(new Set([0, 1, 2]));
    expect(await messageOf(loaded.retriever.rank({ image: Float32Array.of(1), texts }))).toBe("Beit3: vectors of 1 and 16 numbers are to be compared; expected vectors of one model. Encode them anew.");
    const all = await loaded.retriever.similarities(pictures, texts);
    expect(all.shape).toEqual([3, 3]);
    expect(all.data[3 * ranked[0]!.index]).toBeCloseTo(ranked[0]!.score, 5);

    const choices = await loaded.zeroShot.classify(pictures[1]!, ["dog", "box"], { templates: ["a {}"] });
    const scale = Math.exp(await model.logitScale.item());
    for (const { name, similarity: given } of choices) expect(given).toBeCloseTo(await similarity(1, `a ${name}`), 4);
    const [first, second] = choices as [(typeof choices)[0], (typeof choices)[0]];
    expect(first.probability / second.probability).toBeCloseTo(Math.exp(scale * (first.similarity - second.similarity)), 2);
    expect(await loaded.zeroShot.classify(pictures.slice(0, 2), ["dog", "box"])).toHaveLength(2);
  });

  test("one that is not there is named, with those that are", async () => {
    const { folder } = await tinyFolder("retrieval", device);
    using loaded = await loadBeit3(folder, { device });
    expect(loaded.abilities).toEqual(["retriever", "zeroShot"]);
    expect(() => loaded.vqa).toThrow("Beit3: vqa, which answers questions, was asked of a model for retrieval; it has retriever (ranks pictures and texts) and zeroShot (classifies by names), and encodes. Load a model that was trained for vqa.");
    expect(await messageOf(loaded.zeroShot.classify(pictures[0]!))).toMatch(/^zeroShot.classify: no names of classes are given/);
  });
});

test("calls with other lengths and counts trace, compile and allocate nothing", async () => {
  const { folder } = await tinyFolder("vqa", device);
  using loaded = await loadBeit3(folder, { device });
  // Of 3, 4 and 6 tokens, the first and the last among them: one width.
  const [short, longer, longest] = [[9], [12, 17], [20, 6, 31, 8]].map((tokens) => Int32Array.from(tokens)) as [Int32Array, Int32Array, Int32Array];
  const ask = (count: number, question: Int32Array) => loaded.vqa.answer(Array.from({ length: count }, (_, index) => pictures[index % 3]!), Array.from({ length: count }, () => question));
  const counted = () => ({ programs: device.counters.programs, pipelines: device.counters.pipelines, allocations: device.counters.allocations, liveBuffers: device.counters.liveBuffers });
  // Batches of 4, 2 and 1.
  await ask(7, short);
  // Blocks that results took are free for the next only now.
  await ask(7, short);
  const before = counted();
  await ask(5, longest);
  await ask(3, longer);
  await ask(6, longer);
  expect(counted()).toEqual(before);
});

describe("files and options", () => {
  let loaded: Beit3;
  beforeAll(async () => void (loaded = await loadBeit3((await tinyFolder("vqa", device)).folder, { device })));

  test("halves are kept, or widened", async () => {
    const { folder, model } = await tinyFolder("encoder", device, { floats: "f16" });
    expect((await loadCheckpoint(await (await folder.getFileHandle("model.safetensors")).getFile(), { device }))["beit3.vision_embed.cls_token"]!.dtype).toBe("f16");
    using kept = await loadBeit3(folder, { device });
    using widened = await loadBeit3(folder, { device, halves: "widen" });
    expect([kept, widened].map(({ model: { transformer } }) => transformer.visionEmbedding.classToken.dtype)).toEqual(["f16", "f32"]);
    const exact = await numbers(model.transformer.encodeVision(inputs([pictures[0]!])).vision.slice([null, 0]));
    for (const one of [kept, widened]) (await one.encodeImage(pictures[0]!)).vector.forEach((value, index) => expect(Math.abs(value - exact[index]!)).toBeLessThan(0.05));
  });

  test("a model in the paper's form is kept under its own names", async () => {
    const options = { ...beit3Tiny({ vocabularySize: 80 }), numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 16 };
    const { folder, model, description } = await tinyFolder("retrieval", device, { describe: { model: options, pooling: "mean", outputDim: 8 } });
    expect(description).toMatchObject({ names: "own", pooling: "mean", outputDim: 8, model: { form: "paper", visionLanguageLayers: 1 } });
    using paper = await loadBeit3(folder, { device });
    expectClose((await paper.encodeImage(pictures[0]!)).vector, await numbers(model.encodeImages(inputs([pictures[0]!]))));
  });

  test("loading tells how far it is, and ends when asked", async () => {
    const { folder } = await tinyFolder("encoder", device);
    const told: number[] = [];
    let total = 0;
    using _ = await loadBeit3(folder, { device, onProgress: ({ loadedBytes, totalBytes }) => (told.push(loadedBytes), (total = totalBytes)) });
    expect(told[0]).toBe(0);
    expect(told.at(-1)).toBe(total);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.length).toBeGreaterThan(20);

    const { liveBuffers } = device.counters;
    const controller = new AbortController();
    const stopped = loadBeit3(folder, { device, signal: controller.signal, onProgress: ({ loadedBytes }) => loadedBytes > 0 && controller.abort(new Error("enough")) });
    await expect(stopped).rejects.toThrow("enough");
    expect(device.counters.liveBuffers).toBe(liveBuffers);
  });

  test("work ends between batches when asked", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(loaded.vqa.answer(pictures[0]!, "a dog", { signal })).rejects.toThrow("enough");
    await expect(loaded.encodeImage(pictures, { signal })).rejects.toThrow("enough");
  });

  test("bad input is named", async () => {
    expect(await messageOf(loaded.vqa.answer(pictures, texts.slice(1)))).toBe("vqa.answer: a list of 3 pictures beside a list of 2 questions; expected as many of each, or one and one. Repeat what belongs to several.");
    expect(await messageOf(loaded.vqa.answer(pictures[0]!, ""))).toBe('Beit3: a text is "", without any token; expected at least one. Leave it out.');
    expect(await messageOf(loaded.vqa.answer(pictures[0]!, Int32Array.of(4, 5000)))).toMatch(/^Beit3: a text has the id 5000; expected ids from 0 to \d+\./);
    expect(await messageOf(loaded.encodeImage(undefined as unknown as Image))).toMatch(/^Beit3: a picture is undefined; expected a path/);
    expect(await messageOf(loaded.encodeImage(new Uint8Array([1, 2, 3, 4])))).toMatch(/the file begins with 01 02 03 04/);
  });

  test("a canvas's pixels are a picture", async () => {
    const { width, height, data } = picture(4);
    const rgba = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let pixel = 0; pixel < width * height; pixel++) rgba.set(data.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
    expect((await loaded.encodeImage({ width, height, data: rgba })).vector).toEqual((await loaded.encodeImage(picture(4))).vector);
  });
});
