import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { openDevice, valueAndGrad } from "@multiway/tensor";
import { MultiwayTransformer, paperForm } from "@multiway/transformer";
import { expect, it } from "vitest";
import { contrastiveLoss, RetrievalModel } from "./index.ts";

it("the contrastive loss is the mean of both cross-entropies", async () => {
  await using device = await openDevice(reference());
  const images = device.tensor([[1, 0], [0, 1]]);
  const texts = device.tensor([[0.6, 0.8], [0, 1]]);
  const { loss, accuracy } = contrastiveLoss(images, texts, device.tensor(Math.log(2)));
  const logits = [[1.2, 0], [1.6, 2]];
  const entropy = (row: number[], target: number) => Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[target]!;
  const columns = [[1.2, 1.6], [0, 2]];
  const expected = (entropy(logits[0]!, 0) + entropy(logits[1]!, 1) + entropy(columns[0]!, 0) + entropy(columns[1]!, 1)) / 4;
  expect(await loss.item()).toBeCloseTo(expected, 7);
  expect(await accuracy.item()).toBe(1);
});

it("vectors have length 1, padding does not count, and every parameter of both towers gets a gradient", async () => {
  await using device = await openDevice(reference());
  const transformer = new MultiwayTransformer({ ...paperForm, visionLanguageLayers: 1, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 10 });
  const model = await initialise(new RetrievalModel(transformer, { pooling: "mean", outputDim: 8 }), { device, key: 3 });
  const text = device.tensor(Int32Array.of(0, 5, 2, 1, 0, 6, 7, 2), { shape: [2, 4] });
  const isPadding = device.tensor([[false, false, false, true], [false, false, false, false]]);
  const vectors = model.encodeTexts(text, isPadding);
  ((await vectors.norm({ axis: 1 }).toArray()) as number[]).forEach((length) => expect(length).toBeCloseTo(1, 9));
  const other = model.encodeTexts(device.tensor(Int32Array.of(0, 5, 2, 9, 0, 6, 7, 2), { shape: [2, 4] }), isPadding);
  const difference = await vectors.sub(other).abs().max().item();
  expect(difference).toBeLessThan(1e-12);

  const images = device.tensor(Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i)), { shape: [2, 3, 8, 8] });
  const [, gradients] = valueAndGrad((m: RetrievalModel) => m.loss({ images, text, isPadding }).loss)(model);
  const missing = model.parameters().filter(({ name }) => gradients.stateDict()[name] === undefined).map(({ name }) => name);
  // The vision-language expert serves pairs only, and no patch is masked here.
  expect(missing.every((name) => name.includes("visionLanguage") || name.includes("maskToken"))).toBe(true);
});
