import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { saveCheckpoint } from "@multiway/checkpoint";
import { MultiwayError } from "@multiway/errors";
import type { Module } from "@multiway/nn";
import { openDevice, type Device } from "@multiway/tensor";
import { officialStateDict } from "@multiway/transformer";
import { wasm } from "@multiway/wasm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeModelFolder } from "../folder/write-model-folder.ts";
import { loadBeit3 } from "../load-beit3.ts";
import { describeTiny, picture, randomModel, tinyAnswers, tinyOptions, tokenizer, tokenizerBytes, type ModelOf } from "../pipelines.samples.ts";
import type { Beit3Source, LoadBeit3Options } from "./options.ts";

let device: Device;
let folder: string;
let model: ModelOf<"vqa">;
let expected: Float32Array;
const place = (name: string): string => join(folder, name);
const question = "how many circles";

beforeAll(async () => {
  device = await openDevice(wasm({ threads: 1 }));
  folder = await mkdtemp(join(tmpdir(), "multiway-sources-"));
  const description = describeTiny("vqa");
  model = await randomModel("vqa", description, device);
  await writeModelFolder(folder, model, { description, tokenizer: tokenizerBytes });
  await saveCheckpoint(place("vqa.pth"), officialStateDict(model));
  using loaded = await loadBeit3(folder, { device });
  expected = (await loaded.encodeImage(picture(1))).vector;
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true });
});

async function same(source: Beit3Source, options: Omit<LoadBeit3Options, "device"> = {}): Promise<void> {
  using loaded = await loadBeit3(source, { device, ...options });
  expect((await loaded.encodeImage(picture(1))).vector).toEqual(expected);
  expect(tinyAnswers).toContain((await loaded.vqa.answer(picture(1), question)).answer);
}

async function messageOf(source: Beit3Source, options: Omit<LoadBeit3Options, "device"> = {}): Promise<string> {
  const { liveBuffers } = device.counters;
  const error: unknown = await loadBeit3(source, { device, ...options }).then(() => undefined, (reason: unknown) => reason);
  expect(MultiwayError.isInstance(error)).toBe(true);
  expect(device.counters.liveBuffers).toBe(liveBuffers);
  return (error as Error).message;
}

describe("a model folder", () => {
  test("by path, by its model.json, by a file: address", async () => {
    await same(folder);
    await same(place("model.json"));
    await same(pathToFileURL(folder));
  });

  test("as files at hand", async () => {
    const names = ["model.json", "model.safetensors", "sentencepiece.model"];
    await same(Object.fromEntries(await Promise.all(names.map(async (name) => [name, new Blob([await readFile(place(name))])] as const))));
  });

  test("at an address", async () => {
    const server = createServer((request, response) => {
      void readFile(place(basename(request.url!.replace(/\?.*/, "")))).then((bytes) => response.end(bytes), () => response.writeHead(404).end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/vqa`;
    try {
      await same(address);
      await same(new URL(`${address}/?key=1`));
      await same(`${address}.pth`, { preset: { ...tinyOptions, finalNorm: false }, tokenizer: `${address}/sentencepiece.model`, answers: tinyAnswers });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("takes no preset, and no list of another length", async () => {
    expect(await messageOf(folder, { preset: "base" })).toMatch(/^loadBeit3: a preset is given beside the model folder ".*", whose model\.json says how the model is made\. Leave it out\.$/);
    expect(await messageOf(folder, { answers: ["yes"] })).toMatch(/"answers" is an array of 1; expected 4 of them, as many as the head has/);
  });

  test("whose weights are of another head is refused by the names that are missing", async () => {
    const captioning = await randomModel("captioning", describeTiny("captioning"), device);
    const weights = new Map([["model.json", await readFile(place("model.json"))], ["sentencepiece.model", tokenizerBytes]]);
    await saveCheckpoint(place("other.safetensors"), officialStateDict(captioning as Module));
    expect(await messageOf({ ...Object.fromEntries(weights), "model.safetensors": await readFile(place("other.safetensors")) })).toMatch(/^loadBeit3: the weights of "files" are not those of a model for vqa: missing pooler\.norm\.weight.*; unexpected .*mlm_head\.weight.*\. The names are those of a model for captioning: two models' files may be swapped\.$/);
    expect(await messageOf(Object.fromEntries(weights))).toBe('fileIn: "model.safetensors": it is not among the files model.json and sentencepiece.model. Hand it in with them.');
  });

  test("is not written where the model is not what is said of it", async () => {
    await expect(writeModelFolder(folder, model, { description: describeTiny("captioning"), tokenizer: tokenizerBytes })).rejects.toThrow(/^writeModelFolder: the model is not what its description says: .*wordHead\.weight \(missing in the model, \[\d+, 16\] by the description\)/);
    await expect(writeModelFolder(folder, model, { description: describeTiny("vqa") })).rejects.toThrow('writeModelFolder: the description has a tokenizer in "sentencepiece.model", and none is given; expected both or neither.');
    await same(folder);
  });
});

describe("a checkpoint file", () => {
  const preset = { ...tinyOptions, finalNorm: false };

  test("by path, in bytes and in a blob, with its tokenizer by path, in bytes or made", async () => {
    await same(place("vqa.pth"), { preset, tokenizer: place("sentencepiece.model"), answers: tinyAnswers });
    const bytes = new Uint8Array(await readFile(place("vqa.pth")));
    await same(bytes, { preset, tokenizer: tokenizerBytes, answers: tinyAnswers });
    // Whether there is a norm at the end is told from the file.
    await same(new Blob([bytes]), { preset: tinyOptions, tokenizer, answers: tinyAnswers });
  });

  test("for pictures of another size", async () => {
    using loaded = await loadBeit3(place("vqa.pth"), { device, preset: { ...preset, imageSize: 32 } });
    expect(loaded.description.image.size).toBe(32);
    expect((await loaded.encodeImage(picture(1), { tokens: true })).tokens!.shape).toEqual([17, 16]);
  });

  test("without answers and tokenizer reads pictures, and says what it lacks", async () => {
    using loaded = await loadBeit3(place("vqa.pth"), { device, preset });
    expect((await loaded.encodeImage(picture(1))).vector).toEqual(expected);
    await expect(loaded.encodeText(question)).rejects.toThrow(/^Beit3: the model was loaded without a tokenizer; .* Pass `tokenizer` to loadBeit3/);
    await expect(loaded.vqa.answer(picture(1), question)).rejects.toThrow("vqa.answer: the model was loaded without its 4 answers, which are not part of a checkpoint. Pass `answers` to loadBeit3");
  });

  test("that does not fit is refused with the remedy", async () => {
    expect(await messageOf(place("vqa.pth"))).toMatch(/^loadBeit3: ".*vqa\.pth" has 2 layers, 16 wide, which is none of base, large, giant/);
    expect(await messageOf(place("vqa.pth"), { preset: "base" })).toMatch(/^loadOfficial: .*vqa\.pth holds 2 layers, 16 wide .*; the model has 12 layers, 768 wide/);
    expect(await messageOf(place("vqa.pth"), { preset: "huge" as "base" })).toMatch(/^loadBeit3: preset is "huge"; expected base, large, giant, or/);
    expect(await messageOf(place("vqa.pth"), { preset, answers: ["yes"] })).toMatch(/^loadBeit3: 1 answers are given; the head of ".*vqa\.pth" has 4\./);
    expect(await messageOf(place("vqa.pth"), { preset: { ...preset, vocabularySize: 20 }, tokenizer })).toMatch(/^loadBeit3: the tokenizer has \d+ ids; the model's table has 20 rows\./);
    await saveCheckpoint(place("strange.safetensors"), { "a.weight": { shape: [2], data: Float32Array.of(1, 2) } });
    expect(await messageOf(place("strange.safetensors"))).toMatch(/^loadBeit3: ".*strange\.safetensors" holds no BEiT-3 under official names;/);
    await writeFile(place("text.pth"), "<html>");
    expect(await messageOf(place("text.pth"))).toMatch(/this is a web page or XML/);
    await Promise.all(["strange.safetensors", "text.pth", "other.safetensors"].map((name) => unlink(place(name)).catch(() => {})));
    expect(await messageOf(tmpdir())).toMatch(/is a folder without model\.json/);
  });
});
