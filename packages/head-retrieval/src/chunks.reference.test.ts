import { OptionError } from "@multiway/errors";
import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { compile, Device, mapTree, openDevice, realize, valueAndGrad, type Tensor } from "@multiway/tensor";
import { openRecorder, programBudget } from "@multiway/testing/op-suite";
import { MultiwayTransformer, releasedForm } from "@multiway/transformer";
import { expect, it } from "vitest";
import { RetrievalModel, type RetrievalBatch } from "./index.ts";

const build = (numLayers: number) =>
  new RetrievalModel(new MultiwayTransformer({ ...releasedForm, numLayers, embedDim: 16, numHeads: 2, ffnDim: 64, imageSize: 16, patchSize: 4, vocabularySize: 12, textPositions: 10 }));

function batchOf(device: Device, size: number): RetrievalBatch {
  return {
    images: device.tensor(Float32Array.from({ length: size * 3 * 256 }, (_, i) => Math.sin(i * i)), { shape: [size, 3, 16, 16] }),
    text: device.tensor(Int32Array.from({ length: size * 8 }, (_, i) => (i * i * 7) % 12), { shape: [size, 8] }),
    isPadding: device.tensor(Array.from({ length: size }, (_, row) => Array.from({ length: 8 }, (_, place) => place > 3 + (row % 5)))),
  };
}

const gradientsOf = (model: RetrievalModel, batch: RetrievalBatch, chunkSize?: number) =>
  valueAndGrad((m: RetrievalModel) => {
    const { loss, accuracy } = m.loss(batch, undefined, { chunkSize });
    return [loss, accuracy] as const;
  })(model);

it.each([3, 7])("in chunks of %i of 7, loss and gradients are those of the whole batch", async (chunkSize) => {
  await using device = await openDevice(reference());
  const model = await initialise(build(1), { device, key: 3 });
  // Away from its start: a factor of 100 and more is not held back.
  model.logitScale = device.tensor(Math.log(150));
  const batch = batchOf(device, 7);
  // Asked for at once: apart, each would be computed from the start.
  const [[loss, accuracy], gradients] = await realize(gradientsOf(model, batch));
  const [[chunkedLoss, chunkedAccuracy], chunked] = await realize(gradientsOf(model, batch, chunkSize));
  expect(await chunkedLoss.item()).toBeCloseTo(await loss.item(), 10);
  expect(await chunkedAccuracy.item()).toBe(await accuracy.item());
  const [whole, parts] = [gradients.stateDict(), chunked.stateDict()];
  expect(Object.keys(parts)).toEqual(Object.keys(whole));
  expect(await whole["logitScale"]!.abs().item()).toBeGreaterThan(1e-6);
  for (const [name, gradient] of Object.entries(whole)) {
    const [expected, found] = [await gradient.data(), await parts[name]!.data()];
    const size = Math.max(1, ...Array.from(expected, Math.abs));
    expected.forEach((value, index) => expect(Math.abs(found[index]! - value), `${name} ${index}`).toBeLessThanOrEqual(1e-9 * size));
  }
});

it("needs memory for one chunk instead of the batch", { timeout: 120_000 }, async () => {
  const arenaBytes = async (chunkSize: number | undefined, size: number): Promise<number> => {
    const recorder = await openRecorder({ offsetAlignment: 64, maxBuffersPerKernel: 256 });
    // Compiles, and runs nothing.
    const idle = new Device({ ...recorder.device.backend, run: () => {} });
    const model = await initialise(build(1), { device: idle, key: 3 });
    const step = compile(
      (m: RetrievalModel, batch: RetrievalBatch, rate: Tensor) => {
        const [[loss], gradients] = gradientsOf(m, batch, chunkSize);
        const state = gradients.stateDict();
        return { loss, model: mapTree(m, (weight, path) => (state[path] ? weight.sub(state[path].mul(rate)) : weight)) };
      },
      { donate: [0] },
    );
    step(model as never, batchOf(idle, size) as never, 0.1);
    const budget = programBudget(recorder.programs.at(-1)!);
    await recorder.device.close();
    return budget.arenaBytes;
  };
  const [whole, quarters] = [await arenaBytes(undefined, 64), await arenaBytes(16, 64)];
  expect(quarters).toBeLessThan(0.3 * whole);
});

it("refuses chunks of nothing", async () => {
  await using device = await openDevice(reference());
  const model = await initialise(build(1), { device });
  expect(() => model.loss(batchOf(device, 2), undefined, { chunkSize: 0 })).toThrow(OptionError);
  expect(() => model.loss(batchOf(device, 2), undefined, { chunkSize: 1.5 })).toThrow("RetrievalModel: chunkSize is 1.5; expected a whole number, 1 or more");
});
