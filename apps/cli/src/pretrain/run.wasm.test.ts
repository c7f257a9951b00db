import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openModelFolder } from "@multiway/beit3";
import { createImage, encodePng, fillRect } from "@multiway/images";
import { openDevice } from "@multiway/tensor";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readLog } from "../progress/log.ts";
import type { Ui } from "../progress/ui.ts";
import { runPretraining, type PretrainRunFlags } from "./run.ts";

const colours = { red: [220, 20, 20], green: [20, 180, 20], blue: [20, 20, 220], black: [0, 0, 0] } as const;
const places = ["left", "right"] as const;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multiway-pretrain-"));
  await mkdir(join(folder, "data"));
  const rows: string[] = [];
  for (const [name, colour] of Object.entries(colours)) {
    for (const place of places) {
      const image = createImage(16, 16, 3, 255);
      fillRect(image, { left: place === "left" ? 1 : 8, top: 4, width: 7, height: 8 }, colour);
      await writeFile(join(folder, "data", `${name}-${place}.png`), await encodePng(image));
      rows.push(JSON.stringify({ image: `${name}-${place}.png`, text: `a ${name} box on the ${place}` }));
    }
  }
  await writeFile(join(folder, "data", "train.jsonl"), rows.join("\n"));
  await writeFile(join(folder, "data", "val.jsonl"), rows.slice(0, 4).join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

const silent: Ui = { stage() {}, progress() {}, note() {}, done() {} };

async function run(out: string, { threads, resume = false, stopAfter }: { threads: number; resume?: boolean; stopAfter?: number }) {
  const outFolder = join(folder, out);
  await mkdir(outFolder, { recursive: true });
  const flags: PretrainRunFlags = {
    data: join(folder, "data"), out: outFolder, seed: 3, resume, new: "tiny", vocabulary: 60, codes: 8, imageSize: 16, patchSize: 4, layers: 2, width: 32, heads: 2,
    steps: 12, batch: 4, learningRate: 3e-3, dropPath: 0.1, evalEvery: 5, augment: "light",
  };
  const stop = new AbortController();
  const ui: Ui = { ...silent, progress: ({ stage, step }) => stage === "pretraining" && step === stopAfter && stop.abort() };
  await using device = await openDevice(wasm({ threads }));
  return await runPretraining(flags, { device, ui, signal: stop.signal });
}

it("pretrains on a folder, and a run that was stopped and resumed ends with the figures and weights of an undisturbed one", async () => {
  const best = await run("whole", { threads: 1 });
  expect(best!.figures["loss"]).toBeLessThan(5);
  expect(await run("stopped", { threads: 2, stopAfter: 7 })).toBeUndefined();
  expect(await run("stopped", { threads: 2, resume: true })).toEqual(best);
  const read = (out: string, name: string) => readFile(join(folder, out, name));
  expect((await read("stopped", "model/model.safetensors")).equals(await read("whole", "model/model.safetensors"))).toBe(true);
  const log = async (out: string) => (await readLog(join(folder, out, "log.jsonl"))).map(({ seconds: _, ...record }) => record);
  expect(await log("stopped")).toEqual(await log("whole"));
  const { description } = await openModelFolder(join(folder, "whole", "model"));
  expect(description).toMatchObject({ task: "pretraining", numCodes: 8, model: { imageSize: 16, patchSize: 4, embedDim: 32 } });
}, 60_000);

it("refuses to go on with other settings, and batches that the data cannot fill", async () => {
  await expect(run("missing", { threads: 1, resume: true })).rejects.toThrow("run.safetensors cannot be read");
  await using device = await openDevice(wasm({ threads: 1 }));
  const flags: PretrainRunFlags = {
    data: join(folder, "data"), out: join(folder, "whole"), seed: 3, resume: false, new: "tiny", vocabulary: 60, codes: 8, imageSize: 16, patchSize: 4, steps: 12, batch: 99, learningRate: 1e-3, dropPath: 0, augment: "none",
  };
  const run99 = runPretraining(flags, { device, ui: silent, signal: new AbortController().signal });
  await expect(run99).rejects.toThrow("pretrain: 8 pictures to learn from and --batch 99; expected at least a batch of each. Give a smaller --batch, or more data.");
});
