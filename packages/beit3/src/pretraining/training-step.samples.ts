import { initialise } from "@multiway/nn";
import { AdamW } from "@multiway/optim";
import { key } from "@multiway/random";
import { realize, type Device } from "@multiway/tensor";
import { fitPatchTokenizer, PatchTokenizer } from "@multiway/visual-tokenizer";
import { beit3Tiny } from "../presets.ts";
import { makePretrainingBatch } from "./batch.ts";
import { PretrainingModel } from "./model.ts";
import { pretrainingTask, startPretraining } from "./task.ts";

const batch = 4;

/** Losses of the first steps of a small pretraining, from made-up pictures and texts: the same on every device, in Node and in pages, within rounding. */
export async function trainingStepLosses(device: Device, steps: number): Promise<number[]> {
  const vocabularySize = 40;
  const [imageSize, patchSize, numCodes] = [16, 4, 8];
  const pixels = (seed: number) => key(seed).uniform(3 * imageSize * imageSize, -1, 1);
  const text = (seed: number) => Int32Array.from([0, ...key(seed).bits(3 + (seed % 4)), 2], (bits, place) => (place === 0 || bits === 2 ? bits : 4 + (bits % 30)));
  const images = device.tensor(Float32Array.from({ length: 8 * 3 * imageSize * imageSize }, (_, i) => pixels(i % 7)[i % 300]!), { shape: [8, 3, imageSize, imageSize] });
  const tokenizer = await fitPatchTokenizer(await initialise(new PatchTokenizer({ patchSize, numCodes, cellSize: 2 }), { device }), [images], { key: key(1), kMeansRounds: 2 });
  const options = { ...beit3Tiny({ vocabularySize, textPositions: 12 }), embedDim: 32, ffnDim: 64, numLayers: 2, numHeads: 2, imageSize, patchSize };
  const model = await initialise(new PretrainingModel({ ...options, dropPathRate: 0.2, numCodes }), { device, key: 5 });
  const optimizer = new AdamW();
  const task = pretrainingTask({
    tokenizer,
    optimizer,
    maxGradientNorm: 1,
    itemsPerBatch: 3 * batch,
    prepare: (step, batchKey) => {
      const items = Array.from({ length: batch }, (_, index) => step * batch + index);
      return makePretrainingBatch(
        { images: items.map(pixels), texts: items.map(text), pairs: items.map((item) => ({ image: pixels(item + 50), text: text(item + 50) })) },
        { imageSize, patchSize, minBlock: 2, tokens: { padding: 1, mask: 39, ordinary: [4, 39] }, buckets: [10], device },
        batchKey,
      );
    },
  });
  let state = startPretraining(model, optimizer, device);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const result = task.step(state, await task.prepare(step, key(9).fold(step)), key(10).fold(step), 1e-2);
    state = result.state;
    losses.push(await result.metrics["loss"]!.item());
  }
  await realize(state);
  return losses;
}
