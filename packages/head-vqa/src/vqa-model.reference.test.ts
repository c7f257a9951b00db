import { ShapeError } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { openDevice, valueAndGrad, type Device } from "@multiway/tensor";
import { MultiwayTransformer, releasedForm } from "@multiway/transformer";
import { afterAll, beforeAll, expect, it } from "vitest";
import { binaryCrossEntropy, VqaModel, type VqaBatch } from "./index.ts";

let device: Device;
let model: VqaModel;
let batch: VqaBatch;

beforeAll(async () => {
  device = await openDevice(reference());
  const transformer = new MultiwayTransformer({ ...releasedForm, finalNorm: false, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 10 });
  model = await initialise(new VqaModel(transformer, { numAnswers: 5 }), { device, key: 3 });
  batch = {
    images: device.tensor(Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i)), { shape: [2, 3, 8, 8] }),
    text: device.tensor(Int32Array.of(0, 5, 2, 1, 0, 6, 7, 2), { shape: [2, 4] }),
    isPadding: device.tensor([[false, false, false, true], [false, false, false, false]]),
    targets: device.tensor([[0, 0.3, 1, 0, 0], [0.9, 0, 0, 0.3, 0]]),
  };
});
afterAll(() => device.close());

it("binary cross-entropy is exact where sigmoids are, and finite where they overflow", async () => {
  const logits = [-1.5, 0, 2];
  const targets = [0.3, 1, 0];
  const plain = logits.map((x, i) => -targets[i]! * Math.log(1 / (1 + Math.exp(-x))) - (1 - targets[i]!) * Math.log(1 - 1 / (1 + Math.exp(-x))));
  const found = (await binaryCrossEntropy(device.tensor(logits), device.tensor(targets)).toArray()) as number[];
  found.forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 6));
  expect(await binaryCrossEntropy(device.tensor([1000, -1000, 1000]), device.tensor([1, 0, 0])).toArray()).toEqual([0, 0, 1000]);
});

it("sums over answers, averages over questions, and scores the answer that it would give", async () => {
  const { loss, accuracy } = model.loss(batch);
  const logits = model.forward(batch);
  const expected = await binaryCrossEntropy(logits, batch.targets).sum({ axis: 1 }).mean().item();
  expect(await loss.item()).toBeCloseTo(expected, 6);
  const rows = (await logits.toArray()) as number[][];
  const targets = (await batch.targets.toArray()) as number[][];
  const score = rows.reduce((sum, row, i) => sum + targets[i]![row.indexOf(Math.max(...row))]!, 0) / 2;
  expect(await accuracy.item()).toBeCloseTo(score, 6);
});

it("padding does not count, the question does", async () => {
  const logits = model.forward(batch);
  const other = (ids: number[]) => model.forward({ ...batch, text: device.tensor(Int32Array.from(ids), { shape: [2, 4] }) }).sub(logits).abs().max({ axis: 1 }).toArray();
  const [first] = (await other([0, 5, 2, 9, 0, 6, 7, 2])) as number[];
  expect(first).toBeLessThan(1e-9);
  const [changed] = (await other([0, 8, 2, 1, 0, 6, 7, 2])) as number[];
  expect(changed).toBeGreaterThan(1e-6);
});

it("every parameter that a pair passes gets a gradient", async () => {
  const [, gradients] = valueAndGrad((m: VqaModel) => m.loss(batch).loss)(model);
  const state = gradients.stateDict();
  const still = model.parameters().map(({ name }) => name).filter((name) => state[name] === undefined);
  // No patch is masked here, and what the last layer makes of the question is not read.
  const unread = /^transformer\.encoder\.layers\.1\.(ffn|ffnNorm|attention\.(query|out|innerNorm))\.language\./;
  expect(still.filter((name) => !name.includes("maskToken") && !unread.test(name))).toEqual([]);
  expect(still.filter((name) => unread.test(name))).toHaveLength(14);
});

it("targets of another size are refused", () => {
  expect(() => model.loss({ ...batch, targets: device.zeros([2, 4]) })).toThrow(ShapeError);
});
