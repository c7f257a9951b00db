import { initialise } from "@multiway/nn";
import { openDevice } from "@multiway/tensor";
import { MultiwayTransformer, releasedForm } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { expect, it } from "vitest";
import { Captioner, CaptioningModel } from "./index.ts";

const tokens = { first: 0, padding: 1, last: 2, mask: 49 };

it("from the second word on nothing is traced, compiled or allocated, and memory stays as it is", async () => {
  await using device = await openDevice(wasm({ threads: 1 }));
  const transformer = new MultiwayTransformer({ ...releasedForm, numLayers: 2, embedDim: 32, numHeads: 4, ffnDim: 64, imageSize: 16, patchSize: 4, vocabularySize: 50, textPositions: 32 });
  const model = await initialise(new CaptioningModel(transformer), { device, key: 1 });
  const captioner = new Captioner(model, { device, tokens });
  const [numBeams, maxLength] = [3, 22];
  const images = device.tensor(Float32Array.from({ length: 3 * 256 }, (_, i) => Math.sin(i * i)), { shape: [1, 3, 16, 16] });
  const next = captioner.nextWords(images, { numBeams, maxLength });
  const given = (word: number) => Int32Array.from({ length: 2 * numBeams }, (_, place) => (place % 2 === 0 ? word : tokens.mask));
  const kept = () => {
    const { programs, pipelines, allocations } = device.counters;
    return { programs, pipelines, allocations };
  };

  await next(given(tokens.first), undefined, 2);
  const afterFirst = kept();
  expect(afterFirst.programs).toBeGreaterThan(0);
  const used: number[] = [];
  for (let length = 3; length <= maxLength; length++) {
    const before = device.counters.dispatches;
    await next(given(2 + length), Int32Array.of(2, 0, 1), length);
    expect(kept(), `word ${length - 1}`).toEqual(afterFirst);
    used.push(device.counters.dispatches - before);
  }
  // Every word is the same work.
  expect(new Set(used).size).toBe(1);
  expect(used[0]).toBeGreaterThan(0);

  // Neither do other pictures need anything new, in as many sentences of the same longest length.
  await captioner.generate(images.mul(0.5), { numBeams, maxLength });
  const { programs, pipelines } = kept();
  await captioner.generate(images.mul(0.25), { numBeams, maxLength });
  expect({ ...kept(), allocations: 0 }).toEqual({ programs, pipelines, allocations: 0 });
});
