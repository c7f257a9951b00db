import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyDropPath, dropout, dropPath, Embedding, FeedForward, LayerNorm, Linear, PatchEmbedding, toPatches } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

const random = (shape: number[], seed = 1) => device.tensor(key(seed).normal(shape.reduce((a, b) => a * b, 1)), { shape });
const list = async (x: Tensor) => Array.from(await x.data());

describe("layers compute their formula", () => {
  it("Linear: x Wᵀ + b over the last axis", async () => {
    const linear = new Linear(2, 3);
    linear.loadStateDict({ weight: device.tensor([[1, 2], [3, 4], [5, 6]]), bias: device.tensor([10, 20, 30]) });
    expect(await linear.forward(device.tensor([[[1, -1]], [[0, 2]]])).toArray()).toEqual([[[9, 19, 29]], [[14, 28, 42]]]);
    expect(new Linear(2, 3, { bias: false }).tensors().map(({ name }) => name)).toEqual(["weight"]);
  });
  it("LayerNorm: with its epsilon", async () => {
    const norm = new LayerNorm(2, { epsilon: 1 });
    norm.loadStateDict({ weight: device.tensor([1, 2]), bias: device.tensor([0, 5]) });
    // Mean 2, variance 1: ∓1 / √(1 + 1).
    const [low, high] = await list(norm.forward(device.tensor([1, 3])));
    expect(low).toBeCloseTo(-Math.SQRT1_2, 9);
    expect(high).toBeCloseTo(5 + 2 * Math.SQRT1_2, 9);
  });
  it("Embedding: rows by id, zeros for an id outside", async () => {
    const embedding = new Embedding(2, 2);
    embedding.loadStateDict({ weight: device.tensor([[1, 2], [3, 4]]) });
    expect(await embedding.forward(device.tensor(Int32Array.of(1, 0, 2))).toArray()).toEqual([[3, 4], [1, 2], [0, 0]]);
  });
  it("FeedForward: two matrices, exact GELU and a norm between", async () => {
    const [x, up, down] = [random([3, 2], 1), random([4, 2], 2), random([2, 4], 3)];
    const zeros = { "up.bias": device.zeros([4]), "down.bias": device.zeros([2]) };
    const plain = new FeedForward(2, 4);
    plain.loadStateDict({ "up.weight": up, "down.weight": down, ...zeros });
    const inner = x.matmul(up.transpose());
    // √2 and ½ are f32 in a graph, on every device.
    const gelu = inner.mul(inner.div(Math.SQRT2).erf().add(1)).mul(0.5);
    expect((await list(plain.forward(x).sub(gelu.matmul(down.transpose())))).every((error) => Math.abs(error) < 1e-6)).toBe(true);
    const normed = new FeedForward(2, 4, { innerNorm: true });
    normed.loadStateDict({ "up.weight": up, "down.weight": down, ...zeros, "norm.weight": device.ones([4]), "norm.bias": device.zeros([4]) });
    const expected = gelu.layerNorm(device.ones([4]), device.zeros([4])).matmul(down.transpose());
    expect((await list(normed.forward(x).sub(expected))).every((error) => Math.abs(error) < 1e-6)).toBe(true);
  });
  it.each([[1, 2, 2, 1], [2, 4, 6, 2], [3, 3, 3, 3]])("PatchEmbedding: the convolution of %i pictures of %i × %i in patches of %i", async (batch, height, width, patchSize) => {
    const images = random([batch, 3, height, width], 1);
    const patches = new PatchEmbedding(patchSize, 5);
    patches.loadStateDict({ weight: random([5, 3, patchSize, patchSize], 2), bias: random([5], 3) });
    const [pixels, weight, bias, actual] = await Promise.all([list(images), list(patches.weight), list(patches.bias), list(patches.forward(images))]);
    const [rows, columns] = [height / patchSize, width / patchSize];
    for (let index = 0; index < actual.length; index++) {
      const [channelOut, patch, image] = [index % 5, Math.floor(index / 5) % (rows * columns), Math.floor(index / (5 * rows * columns))];
      let sum = bias[channelOut]!;
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < patchSize; y++)
          for (let z = 0; z < patchSize; z++) {
            const [row, column] = [Math.floor(patch / columns) * patchSize + y, (patch % columns) * patchSize + z];
            sum += pixels[((image * 3 + c) * height + row) * width + column]! * weight[((channelOut * 3 + c) * patchSize + y) * patchSize + z]!;
          }
      expect(Math.abs(actual[index]! - sum)).toBeLessThan(1e-9);
    }
  });
  it("toPatches says what does not fit", () => {
    expect(() => toPatches(random([1, 3, 4, 5]), 2)).toThrow("toPatches: images have shape [1, 3, 4, 5]; expected [batch, channels, height, width] with height and width multiples of 2.");
  });
});

describe("dropout", () => {
  it.each([0.1, 0.5, 0.9])("zeroes a share of %f and keeps the mean", async (rate) => {
    const values = await list(dropout(device.ones([20_000]), rate, key(1)));
    const kept = values.filter((value) => value !== 0);
    expect(kept.every((value) => Math.abs(value - 1 / (1 - rate)) < 1e-6)).toBe(true);
    expect(Math.abs(kept.length / values.length - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / values.length));
    expect(await list(dropout(device.ones([20_000]), rate, key(1)))).toEqual(values);
  });
  it("does nothing without a key or a rate", () => {
    const x = device.ones([3]);
    expect(dropout(x, 0.5, undefined)).toBe(x);
    expect(dropout(x, 0, key(1))).toBe(x);
    expect(dropPath(x, 0.5, undefined)).toBe(x);
    expect(() => dropout(x, 1, key(1))).toThrow("dropout: rate 1; expected 0 up to, not including, 1.");
    expect(() => dropPath(x, -0.1, key(1))).toThrow("dropPath: rate -0.1; expected");
  });
});

describe("dropPath", () => {
  it("drops whole samples at its rate, and divides the others", async () => {
    const rate = 0.3;
    const rows = (await dropPath(device.ones([4000, 2, 3]), rate, key(2)).flatten(1).toArray()) as number[][];
    expect(rows.every((row) => row.every((value) => Math.abs(value - (row[0] === 0 ? 0 : 1 / (1 - rate))) < 1e-6))).toBe(true);
    const kept = rows.filter((row) => row[0] !== 0).length;
    expect(Math.abs(kept / 4000 - (1 - rate))).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / 4000));
  });
  it("takes survivors that are given", async () => {
    expect(await applyDropPath(device.ones([3, 1]), device.tensor([true, false, true]), 0.5).toArray()).toEqual([[2], [0], [2]]);
  });
});
