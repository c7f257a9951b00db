import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CheckpointError, OptionError } from "@multiway/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCheckpoint, encodeSafetensors, openCheckpoint, saveCheckpoint, type CheckpointSource, type HostTensor } from "./index.ts";
import { serve } from "./test-server.samples.ts";

let root: string;
let count = 0;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "multiway-shards-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
async function folder(): Promise<string> {
  const path = join(root, String(count++));
  await mkdir(path);
  return path;
}

const one = (...values: number[]): HostTensor => ({ shape: [values.length], data: Float32Array.from(values) });
const tensors: Record<string, HostTensor> = { "a.x": one(1, 2), "a.y": one(3), "b.x": one(4, 5, 6), "b.y": one(), half: { shape: [1], data: Uint16Array.of(0x3c00), type: "F16" } };
async function expectAll(source: CheckpointSource, options = {}): Promise<void> {
  await using checkpoint = await openCheckpoint(source, options);
  expect([...checkpoint.entries.keys()]).toEqual(Object.keys(tensors));
  for (const [name, { data }] of Object.entries(tensors)) expect((await checkpoint.read(name)).elements).toEqual(data);
}

describe("saveCheckpoint with maxShardBytes", () => {
  it.each(["safetensors", "bin"])("writes shards and an index that opens by its name, its folder and its address: %s", async (end) => {
    const own = await folder();
    const path = join(own, `model.${end}`);
    await saveCheckpoint(path, tensors, { step: "3" }, { maxShardBytes: 12 });
    expect((await readdir(own)).toSorted()).toEqual([`model-00001-of-00003.${end}`, `model-00002-of-00003.${end}`, `model-00003-of-00003.${end}`, `model.${end}.index.json`]);
    for (const source of [`${path}.index.json`, own, pathToFileURL(own), `${own}/`, pathToFileURL(`${path}.index.json`)]) await expectAll(source);
    await using checkpoint = await openCheckpoint(own);
    expect(checkpoint.metadata).toEqual({ step: "3", total_size: "26" });
    const description = await describeCheckpoint(own);
    expect(description.root.tensorCount).toBe(5);
  });
  it("replaces a checkpoint by its index alone, and then removes what that no longer names", async () => {
    const own = await folder();
    const path = join(own, "model.safetensors");
    await writeFile(join(own, "model-notes.safetensors"), "mine");
    await saveCheckpoint(path, tensors, {}, { maxShardBytes: 12 });
    await saveCheckpoint(path, { other: one(1) }, {}, { maxShardBytes: 12 });
    expect((await readdir(own)).toSorted()).toEqual(["model-00001-of-00001.safetensors", "model-notes.safetensors", "model.safetensors.index.json"]);
    await saveCheckpoint(`${path}.index.json`, { other: one(2) }, {}, { maxShardBytes: 12 });
    expect((await readdir(own)).length).toBe(3);
    await using checkpoint = await openCheckpoint(own);
    expect((await checkpoint.read("other")).elements).toEqual(Float32Array.of(2));
  });
  it("leaves the old checkpoint, and nothing of the new one, when it fails half-way", async () => {
    const own = await folder();
    const path = join(own, "model.safetensors");
    await saveCheckpoint(path, tensors, {}, { maxShardBytes: 12 });
    const before = await readdir(own);
    const broken = { type: "F32" as const, shape: [3], read: () => Promise.reject(new Error("no")) };
    await expect(saveCheckpoint(path, { a: one(1, 2, 3), broken }, {}, { maxShardBytes: 12 })).rejects.toThrow("no");
    expect(await readdir(own)).toEqual(before);
    await expectAll(own);
  });
  it("wants a size, and files beside each other", async () => {
    await expect(saveCheckpoint(join(await folder(), "m"), tensors, {}, { maxShardBytes: 0 })).rejects.toThrow(OptionError);
    const handle = { name: "m", getFile: async () => new Blob([]), createWritable: () => Promise.reject(new Error("unused")) };
    await expect(saveCheckpoint(handle, tensors, {}, { maxShardBytes: 1 })).rejects.toThrow("a file handle has no files beside it");
  });
});

describe("an index of shards", () => {
  const index = (content: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(content));
  const shards: Record<string, Uint8Array> = { "1.safetensors": encodeSafetensors({ "a.x": tensors["a.x"]!, "a.y": tensors["a.y"]! }), "2.safetensors": encodeSafetensors({ "b.x": tensors["b.x"]!, "b.y": tensors["b.y"]!, half: tensors["half"]! }) };
  const map = { "a.x": "1.safetensors", "a.y": "1.safetensors", "b.x": "2.safetensors", "b.y": "2.safetensors", half: "2.safetensors" };

  it("may lie anywhere when its shards are handed in", async () => {
    await expectAll(index({ weight_map: map }), { shard: (name: string) => shards[name] });
    await expect(openCheckpoint(index({ weight_map: map }))).rejects.toThrow('its shard "1.safetensors" is not at hand. Pass `shard`');
  });
  it("is read from a server, with what its address is signed by", async () => {
    await using server = await serve({ bytes: index({ weight_map: map }), others: shards });
    await expectAll(`${server.address}.index.json?key=1`);
    expect(server.paths.every((path) => path.endsWith("?key=1"))).toBe(true);
  });
  it("takes a prefix off its names", async () => {
    await using checkpoint = await openCheckpoint(index({ weight_map: map }), { prefix: "b.", shard: (name) => shards[name] });
    expect([...checkpoint.entries.keys()]).toEqual(["x", "y"]);
    expect((await checkpoint.read("x")).elements).toEqual(tensors["b.x"]!.data);
  });

  it.each<[string, unknown, string]>([
    ["names a file elsewhere", { weight_map: { x: "../secret" } }, 'tensor "x" is said to be in "../secret"; expected the name of a file beside the index'],
    ["names an address", { weight_map: { x: "http://elsewhere" } }, "expected the name of a file beside the index"],
    ["names a hidden file", { weight_map: { x: ".." } }, "expected the name of a file beside the index"],
    ["has no map", { metadata: {} }, "its weight_map is undefined"],
    ["has a map of something else", { weight_map: { x: 1 } }, 'tensor "x" is said to be in 1'],
    ["is of another checkpoint", { weight_map: { "a.x": "1.safetensors", z: "1.safetensors" } }, 'by this index "1.safetensors" holds 2 tensors; it lacks z and holds a.y, too. Index and shards are of different checkpoints'],
    ["names a shard that is none", { weight_map: { x: "index" } }, "this is an index of shards, named as a shard by another"],
    ["names a shard that is not there", { weight_map: { x: "3" } }, 'its shard "3" is not at hand'],
  ])("that %s is refused", async (_, content, message) => {
    const opened = openCheckpoint(index(content), { shard: (name) => (name === "index" ? index({ weight_map: {} }) : shards[name]) });
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toThrow(CheckpointError);
  });
  it("that is cut short is refused", async () => {
    const whole = index({ weight_map: map });
    for (let length = 4; length < whole.length; length++) await expect(openCheckpoint(whole.subarray(0, length))).rejects.toThrow("it begins as JSON, and is none");
  });
  it("names the shard that is missing in a folder", async () => {
    const own = await folder();
    await saveCheckpoint(join(own, "model.safetensors"), tensors, {}, { maxShardBytes: 12 });
    await rm(join(own, "model-00002-of-00003.safetensors"));
    await expect(openCheckpoint(own)).rejects.toThrow('openCheckpoint: "model-00002-of-00003.safetensors": the file cannot be read (ENOENT)');
    expect(JSON.parse(await readFile(join(own, "model.safetensors.index.json"), "utf8"))).toHaveProperty("weight_map");
  });
});
