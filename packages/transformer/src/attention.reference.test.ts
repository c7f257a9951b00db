import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, randomise, tinyInput, tinyModel } from "../fixtures/tiny-model.ts";
import { attentionBias, captioningMask, MultiwayAttention, type ByModality } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

const equal = 1e-9;
const tokens = (length: number, seed: number): Tensor => device.tensor(key(seed).normal(2 * length * 8), { shape: [2, length, 8] });
const attention = () => randomise(new MultiwayAttention({ embedDim: 8, numHeads: 2, routing: "byModality", innerNorm: true, epsilon: 1e-5, linear: {} }), device);
/** Elements along an axis in another order. */
const reordered = (x: Tensor, axis: number, order: readonly number[]) => x.transpose(0, axis).gather(device.tensor(Int32Array.from(order))).transpose(0, axis);

describe("attention without positions", () => {
  it.each([1, 2, 7, 13])("commutes with permuting %i tokens", async (length) => {
    const order = [...key(length).permutation(length)];
    const module = attention();
    const x = tokens(length, 1);
    const other = tokens(3, 2);
    const permuted = module.forward({ vision: reordered(x, 1, order), language: other });
    const straight = module.forward({ vision: x, language: other });
    expect(await distance(permuted.vision!, reordered(straight.vision!, 1, order))).toBeLessThan(equal);
    expect(await distance(permuted.language!, straight.language!)).toBeLessThan(equal);
  });
  it("has probabilities that sum to 1, hide what is hidden, and give the outputs", async () => {
    const module = attention();
    const x: ByModality<Tensor> = { vision: tokens(3, 1), language: tokens(4, 2) };
    const isPadding = device.tensor([[false, false, false, false], [false, false, true, true]]);
    const bias = attentionBias({ vision: 3, language: 4 }, { isPadding, isHidden: captioningMask({ vision: 3, language: 4 }) });
    const probabilities = module.probabilities(x, bias);
    expect(probabilities.vision!.shape).toEqual([2, 2, 3, 7]);
    expect(probabilities.language!.shape).toEqual([2, 2, 4, 7]);
    for (const part of [probabilities.vision!, probabilities.language!]) {
      for (const sum of await part.sum({ axis: -1 }).data()) expect(sum).toBeCloseTo(1, 9);
    }
    const rows = (await probabilities.language!.slice([1, 0]).toArray()) as number[][];
    expect(rows.map((row) => row.map((value) => value > 0))).toEqual([
      [true, true, true, true, false, false, false],
      [true, true, true, true, true, false, false],
      [true, true, true, true, true, false, false],
      [true, true, true, true, true, false, false],
    ]);
    expect(await probabilities.vision!.narrow(3, 3, 4).max().item()).toBe(0);
  });
});

describe("attentionBias", () => {
  const lengths = { vision: 2, language: 3 };
  it("is nothing where nothing is masked", () => {
    expect(attentionBias(lengths, {})).toEqual({});
  });
  it("adds −Infinity for padding and −1e8 for hidden pairs, and other scores as they are", async () => {
    const isPadding = device.tensor([[false, false, true]]);
    const isHidden = device.tensor([[0, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]).cast("bool");
    const scores = device.tensor([0.5, 0, 0, 0, 0]);
    const { vision, language } = attentionBias(lengths, { isPadding, isHidden, scores });
    expect(await vision!.toArray()).toEqual([[[[0.5, -1e8, 0, 0, -Infinity], [0.5, 0, 0, 0, -Infinity]]]]);
    expect(await language!.toArray()).toEqual([[[[0.5, 0, 0, 0, -Infinity], [-1e8 + 0.5, 0, 0, 0, -Infinity], [0.5, 0, 0, 0, -Infinity]]]]);
  });
  it("has no part for a modality that is not there", async () => {
    const isPadding = device.tensor([[false, true]]);
    expect(Object.keys(attentionBias({ vision: 0, language: 2 }, { isPadding }))).toEqual(["language"]);
  });
});

describe("the captioning mask", () => {
  it("hides the text from the image, and its future from the text", async () => {
    expect(await captioningMask({ vision: 2, language: 2 }).cast("i32").add(device.tensor(0).cast("i32")).toArray()).toEqual([
      [0, 0, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 0, 1],
      [0, 0, 0, 0],
    ]);
  });
  it("keeps image states from the text, and text states from later words", async () => {
    const model = tinyModel(device);
    const { images, text } = tinyInput(device);
    const before = model.encodeForCaptioning({ images, text });
    for (let position = 0; position < 5; position++) {
      const changed = device.tensor(Int32Array.from(await text.data(), (id, index) => (index % 5 >= position ? (id + 3) % 12 : id)), { shape: [2, 5] });
      const after = model.encodeForCaptioning({ images, text: changed });
      expect(await distance(before.vision, after.vision)).toBe(0);
      expect(await distance(before.language.narrow(1, 0, position), after.language.narrow(1, 0, position))).toBe(0);
      expect(await distance(before.language.narrow(1, position, 1), after.language.narrow(1, position, 1))).toBeGreaterThan(0.001);
    }
    // The image itself is seen.
    expect(await distance(before.language, model.encodeForCaptioning({ images: images.mul(0.5), text }).language)).toBeGreaterThan(0.001);
  });
  it("leaves image states as an image alone has them", async () => {
    const model = tinyModel(device);
    const { images, text } = tinyInput(device);
    expect(await distance(model.encodeForCaptioning({ images, text }).vision, model.encodeVision(images).vision)).toBeLessThan(equal);
  });
});

describe("padding", () => {
  it("hides what stands there, and changes no other row", async () => {
    const model = tinyModel(device);
    const { images, text, isPadding } = tinyInput(device);
    const padded = model.encodeFusion({ images, text, isPadding });
    const otherWords = device.tensor(Int32Array.of(0, 7, 10, 3, 2, 0, 5, 2, 9, 4), { shape: [2, 5] });
    const after = model.encodeFusion({ images, text: otherWords, isPadding });
    expect(await distance(padded.vision, after.vision)).toBe(0);
    expect(await distance(padded.language, after.language)).toBe(0);
    // The first text has no padding: it comes out as it would without a mask, and beside any neighbour.
    const alone = model.encodeFusion({ images: images.narrow(0, 0, 1), text: text.narrow(0, 0, 1) });
    expect(await distance(padded.language.narrow(0, 0, 1), alone.language)).toBeLessThan(equal);
    expect(await distance(padded.vision.narrow(0, 0, 1), alone.vision)).toBeLessThan(equal);
  });
  it("gives the states of the text that is not padded at all", async () => {
    const model = tinyModel(device);
    const { images, text, isPadding } = tinyInput(device);
    const padded = model.encodeFusion({ images, text, isPadding }).language.slice([[1, 2], [0, 3]]);
    const cut = model.encodeFusion({ images: images.narrow(0, 1, 1), text: text.slice([[1, 2], [0, 3]]) }).language;
    expect(await distance(padded, cut)).toBeLessThan(equal);
  });
});
