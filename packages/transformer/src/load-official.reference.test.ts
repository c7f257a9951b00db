import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeSafetensors, openCheckpoint, saveCheckpoint, type CheckpointSource, type HostTensor } from "@multiway/checkpoint";
import { CheckpointError } from "@multiway/errors";
import { initialise, Linear, Module } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { floatToHalf, openDevice, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, randomise, tinyInput, tinyModel, tinySizes } from "../fixtures/tiny-model.ts";
import { loadOfficial, modelSizes, MultiwayTransformer, officialNamesOf, officialStateDict, paperForm, releasedForm, resizePositions, type LoadOfficialOptions, type MultiwayTransformerOptions, type OfficialFile } from "./index.ts";

let device: Device;
let folder: string;
beforeAll(async () => {
  device = await openDevice(reference());
  folder = await mkdtemp(join(tmpdir(), "multiway-official-"));
});
afterAll(async () => {
  await device.close();
  await rm(folder, { recursive: true, force: true });
});

/** A transformer with a classifier beside it. */
class Classifier extends Module {
  static readonly officialNames = officialNamesOf("transformer", { "head.weight": "head.weight", "head.bias": "head.bias" });
  transformer: MultiwayTransformer;
  head: Linear;
  constructor(options: Partial<MultiwayTransformerOptions> & { classes?: number } = {}) {
    super();
    this.transformer = new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 2, ...options });
    this.head = new Linear(8, options.classes ?? 3);
  }
}

const load = async (model: Module, source: CheckpointSource, options: Omit<LoadOfficialOptions, "device"> = {}) => {
  await using file = await openCheckpoint(source);
  return await loadOfficial(model, file, { device, ...options });
};

/** A safetensors file in memory. */
async function bytesOf(tensors: Record<string, Tensor>, rename: (name: string) => string = (name) => name, change: (tensor: HostTensor) => HostTensor = (tensor) => tensor): Promise<Uint8Array> {
  const hosts = await Promise.all(Object.entries(tensors).map(async ([name, tensor]) => [rename(name), change({ type: "F32", shape: tensor.shape, data: Float32Array.from(await tensor.data()) })] as const));
  return encodeSafetensors(Object.fromEntries(hosts));
}

const fresh = (options: Partial<MultiwayTransformerOptions> = {}) => new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 2, ...options });

async function differences(a: Module, b: Module): Promise<string[]> {
  const others = b.stateDict();
  const found: string[] = [];
  // The float64 device keeps what a file rounds.
  for (const { name, tensor } of a.tensors()) if ((await distance(tensor, others[name]!)) > 1e-6) found.push(name);
  return found;
}

describe("a file of ours under official names", () => {
  it.each(["model.pth", "model.safetensors"])("loads back, every tensor, and computes the same: %s", async (file) => {
    const model = randomise(new Classifier(), device);
    const state = officialStateDict(model);
    expect(Object.keys(state)).toContain("beit3.encoder.layers.1.self_attn.q_proj.A.weight");
    expect(Object.keys(state).filter((name) => !name.startsWith("beit3."))).toEqual(["head.weight", "head.bias"]);
    await saveCheckpoint(join(folder, file), state);
    const loaded = new Classifier();
    const report = await load(loaded, join(folder, file), { strict: true });
    expect(report).toEqual({ loaded: Object.keys(state), missing: [], unexpected: [], mismatched: [], resized: [], dropped: [] });
    expect(await differences(model, loaded)).toEqual([]);
    const input = tinyInput(device);
    expect(await distance(model.transformer.encodeFusion(input).vision, loaded.transformer.encodeFusion(input).vision)).toBeLessThan(1e-5);
  });
  it("the file stays open", async () => {
    await using reader = await openCheckpoint(await bytesOf(officialStateDict(tinyModel(device))));
    await loadOfficial(fresh(), reader, { device });
    expect((await loadOfficial(fresh(), reader, { device, strict: true })).loaded).toHaveLength(7 + 2 * 40 + 4);
  });
});

describe("files of others", () => {
  it.each([
    ["module.", ""],
    ["", "beit3."],
    ["student.net.", "beit3."],
  ])("finds what names begin with: %j before, %j left out", async (before, without) => {
    const model = tinyModel(device);
    const bytes = await bytesOf(officialStateDict(model), (name) => before + name.slice(without.length));
    const loaded = fresh();
    expect((await load(loaded, bytes, { strict: true })).missing).toEqual([]);
    expect(await differences(model, loaded)).toEqual([]);
  });
  it("keeps halves, or widens them", async () => {
    const model = tinyModel(device);
    const bytes = await bytesOf(officialStateDict(model), undefined, ({ shape, data }) => ({ type: "F16", shape, data: Uint16Array.from(data as Float32Array, floatToHalf) }));
    const [kept, widened] = [fresh(), fresh()];
    await load(kept, bytes);
    await load(widened, bytes, { halves: "widen" });
    expect(new Set(kept.tensors().map(({ tensor }) => tensor.dtype))).toEqual(new Set(["f16"]));
    expect(new Set(widened.tensors().map(({ tensor }) => tensor.dtype))).toEqual(new Set(["f32"]));
    expect(await distance(kept.textEmbedding.weight.cast("f32"), widened.textEmbedding.weight)).toBe(0);
  });
  it("widens bfloat16, or keeps it in 16 bits, as f16", async () => {
    const model = tinyModel(device);
    const bytes = await bytesOf(officialStateDict(model), undefined, ({ shape, data }) => ({ type: "BF16", shape, data: Uint16Array.from(new Uint32Array((data as Float32Array).buffer), (word) => word >>> 16) }));
    const [widened, narrow] = [fresh(), fresh()];
    await load(widened, bytes);
    await load(narrow, bytes, { bfloat16: "f16" });
    expect(new Set(widened.tensors().map(({ tensor }) => tensor.dtype))).toEqual(new Set(["f32"]));
    expect(new Set(narrow.tensors().map(({ tensor }) => tensor.dtype))).toEqual(new Set(["f16"]));
    // 8 bits of a bfloat16 fit into the 11 of a half.
    expect(await distance(narrow.textEmbedding.weight.cast("f32"), widened.textEmbedding.weight)).toBeLessThan(1e-7);
    expect(await distance(widened.textEmbedding.weight, model.textEmbedding.weight)).toBeLessThan(2 ** -7);
  });
  it("resamples positions for another picture size, drops another classifier, and says so", async () => {
    const model = randomise(new Classifier(), device);
    const bytes = await bytesOf(officialStateDict(model));
    const loaded = new Classifier({ imageSize: 12, classes: 5 });
    const report = await load(loaded, bytes);
    const table = "beit3.encoder.embed_positions.A.weight";
    expect(report).toMatchObject({ resized: [table], dropped: ["head.weight", "head.bias"], missing: ["head.weight", "head.bias"], unexpected: [], mismatched: [] });
    const expected = resizePositions(Float32Array.from(await model.transformer.positions.vision!.weight.data()), 8, [2, 2], [3, 3]);
    expect(await distance(loaded.transformer.positions.vision!.weight, device.tensor(expected, { shape: [12, 8] }))).toBeLessThan(1e-6);
    // What the file lacks begins anew, and only that.
    const kept = loaded.transformer.textEmbedding.weight;
    await initialise(loaded, { device, key: 1 });
    expect(loaded.transformer.textEmbedding.weight).toBe(kept);
    expect((await loaded.head.weight.data()).length).toBe(40);
  });
  it("reports what a model lacks and a file lacks; strict makes an error of both at once", async () => {
    const bytes = await bytesOf(officialStateDict(randomise(new Classifier(), device)));
    const withoutNorm = fresh({ finalNorm: false });
    const norms = ["A.weight", "A.bias", "B.weight", "B.bias"].map((part) => `beit3.encoder.layer_norm.${part}`);
    const unexpected = ["head.weight", "head.bias"];
    expect((await load(withoutNorm, bytes)).unexpected.sort()).toEqual([...norms, ...unexpected].sort());
    await expect(load(fresh(), bytes, { strict: true })).rejects.toThrow(/^loadOfficial: in 1?.*: unexpected head\.weight and head\.bias; expected exactly the model's 91 tensors\. Leave `strict` out to load what fits\.$/);
    const encoder = await bytesOf(officialStateDict(tinyModel(device)));
    await expect(load(new Classifier(), encoder, { strict: true })).rejects.toThrow("missing head.weight and head.bias;");
  });
});

describe("wrong files", () => {
  /** What is known of a file before a tensor is read: released widths and depths, few words. */
  const headerOf = async (size: keyof typeof modelSizes, changes: Partial<MultiwayTransformerOptions> = {}) => {
    const model = new MultiwayTransformer({ ...releasedForm, ...modelSizes[size], imageSize: 32, patchSize: 16, vocabularySize: 10, textPositions: 8, ...changes });
    return { entries: new Map(model.tensors().map(({ name, tensor }) => [MultiwayTransformer.officialNames.toOfficial(name)!, { shape: tensor.shape, type: "F32" as const }])), name: `${size}.pth`, read: () => expect.fail("nothing may be read"), readOnto: () => expect.fail("nothing may be read") };
  };
  const loadHeader = async (model: Module, file: Awaited<ReturnType<typeof headerOf>>) => loadOfficial(model, file, { device });

  it("another size: says which preset fits, and changes nothing", async () => {
    const model = tinyModel(device);
    const before = model.stateDict();
    const error = await loadHeader(model, await headerOf("large")).catch((cause: unknown) => cause);
    expect(CheckpointError.isInstance(error)).toBe(true);
    expect((error as Error).message).toBe(
      "loadOfficial: large.pth holds 24 layers, 1024 wide (feed-forward 4096), patches of 16 pixels, pictures of 32, 10 words, 8 rows of text positions; the model has 2 layers, 8 wide (feed-forward 16), patches of 4 pixels, pictures of 8, 12 words, 16 rows of text positions. The file looks like the large model: make yours with beit3Large({ imageSize: 32 }).",
    );
    expect((error as CheckpointError).details).toMatchObject({ preset: "beit3Large({ imageSize: 32 })", form: { size: "large", numLayers: 24 } });
    expect(model.stateDict()).toEqual(before);
    await expect(loadHeader(model, await headerOf("base", { finalNorm: false }))).rejects.toThrow("The file looks like the base model: make yours with { ...beit3Base({ imageSize: 32 }), finalNorm: false }.");
    // As wide, but deeper: nothing would be mismatched.
    await expect(loadHeader(fresh(), await headerOf("base", { ...tinySizes, numLayers: 3 }))).rejects.toThrow("holds 3 layers, 8 wide");
  });
  it("another vocabulary: names the tensor and both shapes; may be left out on request", async () => {
    const bytes = await bytesOf(officialStateDict(tinyModel(device)));
    await expect(load(fresh({ vocabularySize: 20 }), bytes)).rejects.toThrow("has tensors of other shapes: beit3.text_embed.weight ([12, 8] in the file, [20, 8] in the model). Make the model as the file's was");
    const report = await load(fresh({ vocabularySize: 20 }), bytes, { ignoreMismatched: true });
    expect(report.mismatched).toEqual([{ name: "beit3.text_embed.weight", given: "[12, 8]", expected: "[20, 8]" }]);
  });
  it("another model altogether, integers for weights, models without official names", async () => {
    const other = encodeSafetensors({ "visual.conv1.weight": { type: "F32", shape: [2], data: Float32Array.of(1, 2) } });
    await expect(load(fresh(), other)).rejects.toThrow(/has none of the model's 91 tensors under their official names; its 1 begin with visual\.conv1\.weight\. Expected a BEiT-3 checkpoint/);
    const integers = await bytesOf(officialStateDict(tinyModel(device)), undefined, ({ shape, data }) => ({ type: "I32", shape, data: Int32Array.from(data as Float32Array) }));
    await expect(load(fresh(), integers)).rejects.toThrow(/^loadOfficial: "beit3\.text_embed\.weight" of .* has type I32; expected a weight of floats/);
    expect(() => officialStateDict(new MultiwayTransformer({ ...paperForm, ...tinySizes, numLayers: 4 }))).toThrow(/^officialStateDict: "encoder\.layers\.0\.attentionNorm\.shared\.weight" of this MultiwayTransformer has no official name; expected the released form/);
    expect(() => officialStateDict(new Linear(2, 2))).toThrow("officialStateDict: Linear declares no official names; expected a class with a static field `officialNames`. Make it with officialNamesOf.");
  });
  it("frees what it has put on the device when a tensor further on is damaged", async () => {
    await using reader = await openCheckpoint(await bytesOf(officialStateDict(tinyModel(device))));
    let reads = 0;
    const failing: OfficialFile = { entries: reader.entries, name: reader.name, read: (name) => reader.read(name), readOnto: (...call) => (++reads > 20 ? Promise.reject(new CheckpointError("gone")) : reader.readOnto(...call)) };
    const model = fresh();
    const before = device.counters.liveBuffers;
    await expect(loadOfficial(model, failing, { device })).rejects.toThrow("gone");
    expect(device.counters.liveBuffers).toBe(before);
    expect(model.tensors().every(({ tensor }) => tensor.device === undefined)).toBe(true);
  });
});
