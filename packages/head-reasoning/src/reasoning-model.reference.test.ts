import { ShapeError } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { concat, openDevice, valueAndGrad, type Device } from "@multiway/tensor";
import { MultiwayTransformer, releasedForm } from "@multiway/transformer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ReasoningModel, type ReasoningBatch } from "./index.ts";

let device: Device;
let model: ReasoningModel;
let batch: ReasoningBatch;

beforeAll(async () => {
  device = await openDevice(reference());
  const transformer = new MultiwayTransformer({ ...releasedForm, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 10 });
  model = await initialise(new ReasoningModel(transformer), { device, key: 5 });
  batch = {
    images: device.tensor(Float32Array.from({ length: 2 * 2 * 3 * 64 }, (_, i) => Math.sin(i * i)), { shape: [2, 2, 3, 8, 8] }),
    text: device.tensor(Int32Array.of(0, 5, 2, 1, 0, 6, 7, 2), { shape: [2, 4] }),
    isPadding: device.tensor([[false, false, false, true], [false, false, false, false]]),
    targets: device.tensor(Int32Array.of(1, 0)),
  };
});
afterAll(() => device.close());

it("begins undecided", async () => {
  const { loss } = model.loss(batch);
  expect(await loss.item()).toBeCloseTo(Math.log(2), 3);
});

it("tells left from right, and reads each pair by itself", async () => {
  const swapped = concat([batch.images.slice([null, [1, 2]]), batch.images.slice([null, [0, 1]])], 1);
  const logits = model.forward(batch);
  expect(await model.forward({ ...batch, images: swapped }).sub(logits).abs().max().item()).toBeGreaterThan(1e-7);
  const alone = model.forward({ images: batch.images.slice([[0, 1]]), text: batch.text.slice([[0, 1]]), isPadding: batch.isPadding!.slice([[0, 1]]) });
  expect(await alone.sub(logits.slice([[0, 1]])).abs().max().item()).toBeLessThan(1e-9);
});

it("every parameter that a pair passes gets a gradient", () => {
  const [, gradients] = valueAndGrad((m: ReasoningModel) => m.loss(batch).loss)(model);
  const state = gradients.stateDict();
  expect(model.parameters().map(({ name }) => name).filter((name) => state[name] === undefined && !name.includes("maskToken"))).toEqual([]);
});

it("refuses single pictures", () => {
  expect(() => model.forward({ ...batch, images: device.zeros([2, 3, 8, 8]) })).toThrow(ShapeError);
});
