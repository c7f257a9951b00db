import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint, saveCheckpoint } from "@multiway/checkpoint";
import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { openDevice } from "@multiway/tensor";
import { loadOfficial, MultiwayTransformer, officialStateDict, releasedForm } from "@multiway/transformer";
import { expect, it } from "vitest";
import { RetrievalModel } from "./index.ts";

const sizes = { ...releasedForm, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 10 };
const make = () => new RetrievalModel(new MultiwayTransformer(sizes));

it("writes and reads the official file of a retrieval model, and starts from one of the encoder alone", async () => {
  await using device = await openDevice(reference());
  const folder = await mkdtemp(join(tmpdir(), "multiway-retrieval-"));
  try {
    const model = await initialise(make(), { device, key: 4 });
    const path = join(folder, "beit3_retrieval.pth");
    await saveCheckpoint(path, officialStateDict(model));
    const loaded = make();
    const report = await loadOfficial(loaded, await openCheckpoint(await readFile(path)), { device, strict: true });
    expect(report.loaded.filter((name) => !name.startsWith("beit3.")).sort()).toEqual(["language_head.weight", "logit_scale", "vision_head.weight"]);
    const text = device.tensor(Int32Array.of(0, 5, 2, 1), { shape: [1, 4] });
    const isPadding = device.tensor([[false, false, false, true]]);
    const [a, b] = [await model.encodeTexts(text, isPadding).data(), await loaded.encodeTexts(text, isPadding).data()];
    a.forEach((value, index) => expect(b[index]).toBeCloseTo(value, 6));
    expect(await loaded.logitScale.item()).toBeCloseTo(Math.log(1 / 0.07), 6);

    await saveCheckpoint(path, officialStateDict(model.transformer));
    expect((await loadOfficial(make(), await openCheckpoint(await readFile(path)), { device })).missing.sort()).toEqual(["language_head.weight", "logit_scale", "vision_head.weight"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it("heads begin as the official code's do: cut at one deviation of 0.02", async () => {
  await using device = await openDevice(reference());
  const { visionHead } = await initialise(make(), { device });
  const values = Array.from(await visionHead.weight.data());
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.02);
  expect(Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)).toBeGreaterThan(0.0095);
});
