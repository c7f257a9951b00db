import { ShapeError } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { openDevice, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { MultiwayTransformer, releasedForm } from "@multiway/transformer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ClassificationModel, softCrossEntropy } from "./index.ts";

let device: Device;
let model: ClassificationModel;
let images: Tensor;

beforeAll(async () => {
  device = await openDevice(reference());
  const transformer = new MultiwayTransformer({ ...releasedForm, finalNorm: false, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 10 });
  model = await initialise(new ClassificationModel(transformer, { numClasses: 4 }), { device, key: 7 });
  images = device.tensor(Float32Array.from({ length: 3 * 3 * 64 }, (_, i) => Math.sin(i)), { shape: [3, 3, 8, 8] });
});
afterAll(() => device.close());

it("begins undecided", async () => {
  expect(await model.loss({ images, targets: device.tensor(Int32Array.of(0, 1, 3)) }).loss.item()).toBeCloseTo(Math.log(4), 2);
});

it("soft targets that name one class are class numbers, and mixtures are the mixture of losses", async () => {
  const logits = device.tensor([[1, 2, 0], [0.5, -1, 3]]);
  const hard = (...classes: number[]) => logits.crossEntropy(device.tensor(Int32Array.from(classes))).mean().item();
  expect(await softCrossEntropy(logits, device.tensor([[0, 1, 0], [1, 0, 0]])).item()).toBeCloseTo(await hard(1, 0), 6);
  expect(await softCrossEntropy(logits, device.tensor([[0.25, 0.75, 0], [0.75, 0, 0.25]])).item()).toBeCloseTo(0.75 * (await hard(1, 0)) + 0.25 * (await hard(0, 2)), 6);
});

it("smoothing spreads over all classes", async () => {
  const targets = Int32Array.of(2, 0, 1);
  const smoothed = await model.loss({ images, targets: device.tensor(targets) }, { labelSmoothing: 0.1 }).loss.item();
  const soft = device.tensor(Array.from(targets, (target) => Array.from({ length: 4 }, (_, k) => 0.025 + (k === target ? 0.9 : 0))));
  expect(smoothed).toBeCloseTo(await model.loss({ images, targets: soft }).loss.item(), 6);
});

it("every parameter that a picture passes gets a gradient", () => {
  const [, gradients] = valueAndGrad((m: ClassificationModel) => m.loss({ images, targets: device.tensor(Int32Array.of(0, 1, 3)) }).loss)(model);
  const state = gradients.stateDict();
  const still = model.parameters().map(({ name }) => name).filter((name) => state[name] === undefined);
  // Language has no part in it, and no patch is masked.
  expect(still.filter((name) => !/language|text|maskToken/i.test(name))).toEqual([]);
});

it("targets of another size are refused", () => {
  expect(() => model.loss({ images, targets: device.zeros([3, 5]) })).toThrow(ShapeError);
});
