import { readFile } from "node:fs/promises";
import { createImage, fillRect, type Image } from "@multiway/images";
import { openDevice, type Device } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadBeit3, type Beit3 } from "./index.ts";

let device: Device;
let model: Beit3;
beforeAll(async () => {
  device = await openDevice(wasm({ threads: 1 }));
  model = await loadBeit3("mini", { device });
});
afterAll(() => device.close());

/** Three boxes as NLVR draws them, with squares of one colour in each. */
function boxes(counts: readonly [number, number, number], colour: readonly [number, number, number]): Image {
  const image = createImage(320, 100, 3, 128);
  counts.forEach((count, box) => {
    fillRect(image, { left: 110 * box, top: 0, width: 100, height: 100 }, [211, 211, 211]);
    for (let index = 0; index < count; index++) fillRect(image, { left: 110 * box + 10 + 30 * (index % 3), top: 10 + 40 * Math.floor(index / 3), width: 20, height: 20 }, colour);
  });
  return image;
}

test("the model that comes along does all five things", () => {
  expect([...model.abilities].sort()).toEqual(["captioner", "classifier", "reasoner", "retriever", "vqa", "zeroShot"]);
  expect(model.description.task).toBe("joint");
});

test("it counts what is in a box", async () => {
  const answers = await model.vqa.answer([boxes([3, 1, 5], [0, 153, 255]), boxes([3, 1, 5], [0, 153, 255])], ["is there a blue square in the left box?", "is there a yellow square in the left box?"]);
  expect(answers.map(({ answer }) => answer)).toEqual(["yes", "no"]);
});

test("its package names no more than the limit allows, and its card the figures that it was measured with", async () => {
  const place = new URL("../../../model-mini/", import.meta.url);
  const files = await Promise.all(["model.json", "model.safetensors", "sentencepiece.model"].map((name) => readFile(new URL(`model/${name}`, place))));
  expect(files.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(8e6);
  const { tuning } = JSON.parse(await readFile(new URL("figures.json", place), "utf8")) as { tuning: { figures: Record<string, number> } };
  const card = await readFile(new URL("README.md", place), "utf8");
  for (const name of ["retrieval.imageToText@10", "captioning.exact", "vqa.accuracy", "reasoning.accuracy", "classification.top1"]) expect(card).toContain(`${(100 * tuning.figures[name]!).toFixed(1)} %`);
});
