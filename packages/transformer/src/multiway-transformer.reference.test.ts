import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { compile, openDevice, type Device, type RandomKey, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, randomise, tinyInput, tinyModel, tinySizes } from "../fixtures/tiny-model.ts";
import { MultiwayBlock, MultiwayTransformer, PositionEmbedding, releasedForm, relativePositionBucket } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

describe("stochastic depth", () => {
  const rates = (numLayers: number, dropPathRate: number) => new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers, dropPathRate }).encoder.layers.map((layer) => layer.dropPathRate);
  it("grows from 0 in the first layer to its full rate in the last", () => {
    expect(rates(5, 0.2)).toEqual([0, 0.05, 0.1, 0.15000000000000002, 0.2]);
    expect(rates(1, 0.2)).toEqual([0]);
  });
  it("drops a sample's image and text together, one branch at a time, at its rate, and makes up for it", async () => {
    const block = randomise(
      new MultiwayBlock({ embedDim: 8, numHeads: 2, ffnDim: 16, routing: releasedForm.routing, subLayerNorm: true, dropPathRate: 0.25, epsilon: 1e-5, linear: {} }),
      device,
    );
    const samples = 2000;
    const same = (length: number, seed: number) => device.tensor(key(seed).normal(length * 8), { shape: [1, length, 8] }).expand([samples, length, 8]);
    const x = { vision: same(2, 1), language: same(1, 2) };
    const out = block.forward(x, { key: key(5) });
    const whole = block.forward(x);
    const rowOf = async (tensor: Tensor) => {
      const data = await tensor.flatten(1).data();
      const width = data.length / samples;
      return Array.from({ length: samples }, (_, i) => Array.from(data.slice(i * width, (i + 1) * width), (value) => value.toFixed(6)).join());
    };
    const [vision, language] = [await rowOf(out.vision!), await rowOf(out.language!)];
    // Two branches, each kept or dropped, for image and text alike: four outcomes.
    const outcomes = new Map<string, number>();
    vision.forEach((row, index) => outcomes.set(`${row} ${language[index]}`, (outcomes.get(`${row} ${language[index]}`) ?? 0) + 1));
    expect(outcomes.size).toBe(4);
    const counts = [...outcomes.values()].sort((a, b) => a - b);
    const expected = [0.25 * 0.25, 0.25 * 0.75, 0.25 * 0.75, 0.75 * 0.75].map((share) => share * samples);
    counts.forEach((count, index) => expect(Math.abs(count - expected[index]!)).toBeLessThan(5 * Math.sqrt(expected[index]!)));
    // With nothing dropped, branches are larger by 1 / (1 − rate); with both dropped, the input comes out.
    const untouched = (await rowOf(x.vision))[0]!;
    expect(vision.filter((row) => row === untouched).length).toBe(counts[0]);
    expect(vision).not.toContain((await rowOf(whole.vision!))[0]);
  });
  it("is the same for the same key, another for another, and off without one", async () => {
    const model = tinyModel(device, { dropPathRate: 0.5, numLayers: 4 });
    const input = tinyInput(device);
    const run = (seed?: number) => model.forward(input, seed === undefined ? {} : { key: key(seed) }).vision!;
    expect(await distance(run(1), run(1))).toBe(0);
    const others = await Promise.all([2, 3, 4, 5, 6].map((seed) => distance(run(1), run(seed))));
    expect(Math.max(...others)).toBeGreaterThan(0.001);
    expect(await distance(run(), tinyModel(device, { numLayers: 4 }).forward(input).vision!)).toBe(0);
  });
  it("draws alike inside and outside of a compiled function", async () => {
    const model = tinyModel(device, { dropPathRate: 0.5, numLayers: 3 });
    const { images } = tinyInput(device);
    const run = (m: MultiwayTransformer, x: Tensor, k: RandomKey) => m.encodeVision(x, { key: k }).vision;
    const compiled = compile(run);
    for (const seed of [1, 2, 3]) expect(await distance(compiled(model, images, key(seed)), run(model, images, key(seed)))).toBeLessThan(1e-9);
  });
});

describe("MultiwayTransformer", () => {
  it("gives hidden states and attention on request", async () => {
    const model = tinyModel(device);
    const input = tinyInput(device);
    const plain = model.encodeFusion(input);
    expect(Object.keys(plain)).toEqual(["vision", "language"]);
    const { hidden, attention, vision } = model.encodeFusion(input, { hidden: true, attention: true });
    expect(hidden!.map(({ vision: image, language }) => [image!.shape, language!.shape])).toEqual(Array(3).fill([[2, 5, 8], [2, 5, 8]]));
    expect(attention!.map(({ vision: image, language }) => [image!.shape, language!.shape])).toEqual(Array(2).fill([[2, 2, 5, 10], [2, 2, 5, 10]]));
    expect(await distance(vision, plain.vision)).toBe(0);
    // Hidden states come before the final norm.
    const { encoder } = model;
    expect(await distance(encoder.finalNorm!.vision!.forward(hidden![2]!.vision!), vision)).toBeLessThan(1e-9);
  });
  it("zeroes padded tokens before the first layer, positions included", async () => {
    const model = tinyModel(device);
    const { language } = model.embed({ text: tinyInput(device).text, isPadding: tinyInput(device).isPadding });
    const rows = (await language!.abs().sum({ axis: -1 }).toArray()) as number[][];
    expect(rows.map((row) => row.map((value) => value > 0))).toEqual([[true, true, true, true, true], [true, true, true, false, false]]);
  });
  it("encodes apart what is to be compared with all", async () => {
    const model = tinyModel(device);
    const { images, text, isPadding } = tinyInput(device);
    const { vision, language } = model.encodeDual({ images: images.narrow(0, 0, 1), text, isPadding });
    expect([vision.shape, language.shape]).toEqual([[1, 5, 8], [2, 5, 8]]);
    expect(await distance(language, model.encodeLanguage(text, { isPadding }).language)).toBe(0);
  });
  it("says what does not fit", () => {
    const model = tinyModel(device);
    const { images, text } = tinyInput(device);
    const make = (options: object) => () => new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 1, ...options });
    expect(make({ patchSize: 3 })).toThrow("MultiwayTransformer: imageSize 8 with patchSize 3; expected a multiple.");
    expect(make({ numHeads: 3 })).toThrow("MultiwayTransformer: embedDim 8 with 3 heads; expected a multiple.");
    expect(() => model.encodeVision(images.narrow(2, 0, 4))).toThrow("images have shape [2, 3, 4, 8]; expected [batch, 3, 8, 8]. Resize the pictures");
    expect(() => model.encodeVision(images, { isMaskedPatch: device.tensor([[true]]) })).toThrow("isMasked has shape [1, 1]; expected [2, 4], one flag per patch.");
    expect(() => model.encodeLanguage(text.flatten())).toThrow("text has shape [10]; expected ids [batch, length].");
    expect(() => model.encodeFusion({ images: images.narrow(0, 0, 1), text })).toThrow("1 pictures beside 2 texts; expected as many of each. For all pairs use encodeDual.");
    expect(() => model.forward({})).toThrow("neither images nor text were given");
    expect(() => new PositionEmbedding(16, 8).forward(15)).toThrow("PositionEmbedding: a sequence of 15 tokens; expected at most 14");
  });
  it("counts buckets of distance as T5 does", () => {
    expect([0, 1, -1, 7, -7, 8, -8, 12, -127, -1000, 1000].map((distanceOf) => relativePositionBucket(distanceOf, 32, 128))).toEqual([0, 17, 1, 23, 7, 24, 8, 25, 15, 15, 31]);
  });
});
