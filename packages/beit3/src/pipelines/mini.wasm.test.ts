import { readFile } from "node:fs/promises";
import { createImage } from "@multiway/images";
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

test("the model that comes along does all five things", () => {
  expect([...model.abilities].sort()).toEqual(["captioner", "classifier", "filler", "reasoner", "retriever", "vqa", "zeroShot"]);
  expect(model.description.task).toBe("joint");
});

test("it sees: the same question about two pictures has other answers, and a word beside its picture is likelier", async () => {
  const emoji = (name: string) => readFile(new URL(`../../../../apps/playground/public/samples/${name}.png`, import.meta.url));
  const [few, many] = await model.vqa.answer([createImage(320, 100, 3, 211), await emoji("boxes-1-b")], ["how many things are in the middle box?", "how many things are in the right box?"]);
  expect(few!.best[0]!.score).not.toBeCloseTo(many!.best[0]!.score, 2);
  const probabilityOf = async (picture: string) => (await model.filler.words("<mask> face", { picture: await emoji(picture), top: 2000 }))[0]!.best.find(({ text }) => text === "cat")!.probability;
  expect(await probabilityOf("cat-face")).toBeGreaterThan(await probabilityOf("sailboat"));
});

test("its package names no more than the limit allows, and its card the figures that it was measured with", async () => {
  const place = new URL("../../../model-mini/", import.meta.url);
  const files = await Promise.all(["model.json", "model.safetensors", "sentencepiece.model"].map((name) => readFile(new URL(`model/${name}`, place))));
  expect(files.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(8e6);
  const { tuning } = JSON.parse(await readFile(new URL("figures.json", place), "utf8")) as { tuning: { figures: Record<string, number> } };
  const card = await readFile(new URL("README.md", place), "utf8");
  for (const name of ["retrieval.imageToText@10", "captioning.exact", "vqa.accuracy", "reasoning.accuracy", "classification.top1"]) expect(card).toContain(`${(100 * tuning.figures[name]!).toFixed(1)} %`);
});
