import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClassificationModel } from "@multiway/head-classification";
import { VqaModel } from "@multiway/head-vqa";
import type { Module } from "@multiway/nn";
import type { Device } from "@multiway/tensor";
import { MultiwayTransformer, officialStateDict } from "@multiway/transformer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beit3Base, beit3Large } from "../../presets.ts";
import { openFile } from "./open-file.ts";

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "multiway-released-"))));
afterAll(() => rm(folder, { recursive: true }));

/** A released model's names and shapes, over zeros that take no room on the disk. */
async function writeEmpty(name: string, model: Module): Promise<string> {
  let offset = 0;
  const entries = Object.entries(officialStateDict(model)).map(([own, { shape, size }]) => [own, { dtype: "F32", shape, data_offsets: [offset, (offset += 4 * size)] }]);
  const header = JSON.stringify(Object.fromEntries(entries));
  const padded = header.padEnd(8 * Math.ceil(header.length / 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const path = join(folder, name);
  const file = await open(path, "w");
  await file.write(Buffer.concat([length, Buffer.from(padded)]));
  await file.truncate(8 + padded.length + offset);
  await file.close();
  return path;
}

// Nothing but the header is read: there is no device to put anything on.
const device = undefined as unknown as Device;

test("a released file tells all that its model is made with, and how its pictures are prepared", async () => {
  const vqa = await writeEmpty("vqa.safetensors", new VqaModel(new MultiwayTransformer({ ...beit3Base({ imageSize: 480 }), finalNorm: false }), { numAnswers: 3129 }));
  {
    await using opened = await openFile(vqa, { device });
    expect(opened.description).toMatchObject({
      task: "vqa",
      model: { numLayers: 12, embedDim: 768, numHeads: 12, ffnDim: 3072, imageSize: 480, patchSize: 16, vocabularySize: 64010, textPositions: 1024, form: "released", finalNorm: false },
      image: { size: 480, recipe: "square", mean: [0.5, 0.5, 0.5] },
      maxTextLength: 64,
      numOutputs: 3129,
    });
    expect(opened.description.answers).toBeUndefined();
  }
  {
    await using opened = await openFile(vqa, { device, preset: beit3Base({ imageSize: 224 }) });
    expect(opened.description.model).toMatchObject({ imageSize: 224, finalNorm: false });
  }
  const classes = await writeEmpty("classes.safetensors", new ClassificationModel(new MultiwayTransformer({ ...beit3Large(), finalNorm: false }), { numClasses: 1000 }));
  await using opened = await openFile(classes, { device, preset: "large" });
  expect(opened.description).toMatchObject({ task: "classification", model: { numLayers: 24, numHeads: 16 }, image: { recipe: "imagenet", mean: [0.485, 0.456, 0.406] }, numOutputs: 1000 });
});
