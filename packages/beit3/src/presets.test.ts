import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { MultiwayTransformer } from "@multiway/transformer";
import { describe, expect, it, test } from "vitest";
import { decays, layerOf } from "./fine-tuning-groups.ts";
import { fnv1a, ruleElements } from "./golden/rule-weights.ts";
import { runReleaseShapes } from "./golden/release-shapes.ts";
import { beit3Base, beit3Giant, beit3Large, fineTuningGroups, PretrainingModel } from "./index.ts";
import { endsInNorm, releasedHead, type ReleasedTask } from "./released-heads.ts";

/** Shapes alone: no element is made. */
const transformer = (options: ReturnType<typeof beit3Base>) => new MultiwayTransformer(options);
const countOf = (options: ReturnType<typeof beit3Base>) => transformer(options).countParameters();
const shapesManifest = () => JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(new URL("../fixtures/beit3/release_shapes.json.gz", import.meta.url))))) as { models: Record<string, { tensors: Record<string, number[]>; decay: Record<string, number[]> }> };

describe("presets in the released form", () => {
  it.each([
    ["base", beit3Base, 220_987_392, 491],
    ["large", beit3Large, 672_702_464, 971],
  ] as const)("%s: counts, and a longer position table for larger pictures", (_, preset, parameters, tensors) => {
    const at224 = transformer(preset());
    expect([at224.countParameters(), at224.tensors().length]).toEqual([parameters, tensors]);
    const rows = ([224, 384, 480, 768] as const).map((imageSize) => transformer(preset({ imageSize })).positions.vision!.weight.shape[0]);
    expect(rows).toEqual([199, 579, 903, 2307]);
    expect(countOf(preset({ imageSize: 768 })) - parameters).toBe((2307 - 199) * at224.embedDim);
  });
  test.each([
    ["base", beit3Base, "retrieval", 224, 222_167_041],
    ["base", beit3Base, "classification", 224, 221_754_856],
    ["base", beit3Base, "reasoning", 224, 225_719_810],
    ["base", beit3Base, "vqa", 480, 228_110_649],
    ["base", beit3Base, "captioning", 480, 270_751_754],
    ["base", beit3Base, "pretraining", 224, 276_510_730],
    ["large", beit3Large, "retrieval", 224, 674_799_617],
    ["large", beit3Large, "vqa", 768, 684_423_225],
    ["large", beit3Large, "pretraining", 224, 746_709_514],
  ] as const)("%s with the head of %s at %i has %i parameters", (_, preset, task: ReleasedTask, imageSize, parameters) => {
    const options = preset({ imageSize });
    const head = Object.values(releasedHead(task, options)).reduce((sum, { size }) => sum + size, 0);
    expect(countOf({ ...options, finalNorm: endsInNorm(task) }) + head).toBe(parameters);
  });
  it("the pretraining model has the tensors of the pretrained file", () => {
    const model = new PretrainingModel({ ...beit3Base(), numCodes: 8192 });
    expect(model.countParameters()).toBe(276_510_730);
    const names = model.tensors().map(({ name }) => PretrainingModel.officialNames.toOfficial(name)!);
    expect(names.filter((name) => !name.startsWith("beit3.")).sort()).toEqual(Object.keys(releasedHead("pretraining", beit3Base())).sort());
    expect(names.map((name) => PretrainingModel.officialNames.toOurs(name))).toEqual(model.tensors().map(({ name }) => name));
  });
});

describe("presets in the paper's form", () => {
  /** Parameters whose name a pattern fits, in millions. */
  const millions = (model: MultiwayTransformer, pattern: RegExp) => Math.round(model.parameters().reduce((sum, { name, tensor }) => sum + (pattern.test(name) ? tensor.size : 0), 0) / 1e6);
  it("giant: the paper's counts of experts, of shared attention, and of all", () => {
    const model = transformer(beit3Giant());
    expect(millions(model, /ffn\.vision\./)).toBe(692);
    expect(millions(model, /ffn\.language\./)).toBe(692);
    expect(millions(model, /ffn\.visionLanguage\./)).toBe(52);
    expect(millions(model, /\.attention\./)).toBe(317);
    expect(millions(model, /./)).toBe(1847);
    expect(model.tensors().some(({ name }) => /attention\.\w+\.(vision|language)\.|innerNorm|ffn\.\w+\.norm/.test(name))).toBe(false);
  });
  it("vision-language experts stand in the top three layers alone", () => {
    for (const [options, layers] of [[beit3Giant(), ["37", "38", "39"]], [beit3Base({ form: "paper" }), ["9", "10", "11"]], [beit3Large({ form: "paper" }), ["21", "22", "23"]]] as const) {
      const found = transformer(options).tensors().flatMap(({ name }) => /layers\.(\d+)\.ffn\.visionLanguage\.up\.weight$/.exec(name)?.[1] ?? []);
      expect(found).toEqual(layers);
    }
  });
  it("giant in the released form is the release's block at another size", () => {
    expect(transformer(beit3Giant({ form: "released", patchSize: 16, imageSize: 384 })).tensors().length).toBe(7 + 40 * 40 + 4);
  });
  it("refuses pictures that are no whole number of patches, and names ones that are", () => {
    expect(() => beit3Giant({ imageSize: 384 })).toThrow("beit3: imageSize 384 with patches of 14 pixels; expected a multiple, such as 378 or 392. Resize the pictures, or give another patchSize.");
    for (const imageSize of [224, 336, 392, 420, 756]) expect(transformer(beit3Giant({ imageSize })).numPatches).toBe((imageSize / 14) ** 2);
    expect(() => beit3Base({ imageSize: 0 })).toThrow("imageSize 0 with patches of 16 pixels; expected a multiple, such as 16 or 32.");
    expect(() => beit3Base({ form: "giant" as never })).toThrow('beit3: form is "giant"; expected released or paper.');
  });
});

describe("fineTuningGroups", () => {
  const rank = (length: number) => ({ rank: length });
  it("scales rates by layer: full above the encoder, decay ^ (layers + 1) for embeddings", () => {
    const groupOf = fineTuningGroups({ numLayers: 12, layerDecay: 0.65 });
    expect(groupOf("visionHead.weight", rank(2))).toEqual({ learningRateScale: 1 });
    expect(groupOf("transformer.encoder.finalNorm.vision.weight", rank(1))).toEqual({ learningRateScale: 1, weightDecay: 0 });
    expect(groupOf("transformer.encoder.layers.11.ffn.vision.up.weight", rank(2)).learningRateScale).toBeCloseTo(0.65);
    expect(groupOf("transformer.encoder.layers.0.ffn.vision.up.weight", rank(2)).learningRateScale).toBeCloseTo(0.65 ** 12);
    expect(groupOf("transformer.textEmbedding.weight", rank(2)).learningRateScale).toBeCloseTo(0.65 ** 13);
  });
  it("decays matrices, the text positions and the mask vector; not vectors, scalars, picture positions and the class vector", () => {
    expect(decays("transformer.positions.language.weight", rank(2))).toBe(true);
    expect(decays("transformer.visionEmbedding.maskToken", rank(3))).toBe(true);
    expect(decays("transformer.positions.vision.weight", rank(2))).toBe(false);
    expect(decays("visionEmbedding.classToken", rank(3))).toBe(false);
    expect(decays("logitScale", rank(0))).toBe(false);
    expect(layerOf("poolerPositions.weight", 12)).toBe(13);
  });
  it("scales the head's rate only where layers do not decay", () => {
    expect(fineTuningGroups({ numLayers: 2, headScale: 20 })("head.weight", rank(2)).learningRateScale).toBe(20);
    expect(fineTuningGroups({ numLayers: 2, headScale: 20 })("pooler.weight", rank(2)).learningRateScale).toBe(1);
    expect(fineTuningGroups({ numLayers: 2, headScale: 20, layerDecay: 0.9 })("head.weight", rank(2)).learningRateScale).toBe(1);
    expect(() => fineTuningGroups({ numLayers: 2, layerDecay: 0 })).toThrow("fineTuningGroups: layerDecay is 0; expected a number above 0, up to 1.");
  });
});

describe("the runner of released shapes", () => {
  it("finds names, shapes and groups of all released models equal", async () => {
    const results = await runReleaseShapes(shapesManifest());
    expect(results.filter(({ passed }) => !passed)).toEqual([]);
    expect(results).toHaveLength(28);
  });
  it("finds a changed shape, a changed group and a missing name", async () => {
    const manifest = shapesManifest();
    const [name, release] = Object.entries(manifest.models)[0]!;
    release.tensors["head.bias"] = [999];
    release.decay["beit3.vision_embed.cls_token"] = [0, 1];
    delete release.tensors["beit3.text_embed.weight"];
    const wrong = (await runReleaseShapes(manifest)).filter(({ passed }) => !passed);
    expect(wrong.map((result) => result.name)).toEqual([`${name} tensors`, `${name} groups`]);
    expect(wrong.map(({ where }) => where)).toEqual(["beit3.text_embed.weight: [64010, 768] for nothing", "beit3.vision_embed.cls_token: [0, 0] for [0, 1]"]);
    await expect(runReleaseShapes({ models: { beit3_small_patch16_224_nlvr2: release } })).rejects.toThrow('golden: the model "beit3_small_patch16_224_nlvr2"; expected beit3_, base or large');
  });
});

describe("weights by a rule", () => {
  it("gives the documented check values", () => {
    expect(fnv1a("a")).toBe(0xe40c292c);
    const every = (scale: number, offset = 0) => ({ "every other tensor": [scale, offset] as const });
    expect(Array.from(ruleElements({ salt: "", scales: every(1) }, "a", [4]))).toEqual([-0.1538630723953247, 0.2754427194595337, 0.146081805229187, 0.733025312423706]);
    expect(Array.from(ruleElements({ salt: "base-r:", scales: every(0.5) }, "beit3.text_embed.weight", [3]))).toEqual([0.4990452527999878, -0.14400434494018555, -0.4681937098503113]);
  });
  it("takes the first line that fits", () => {
    const scales = { exact: [0, 1], "1-D tensor named *.weight": [0, 2], "*.bias, *.q_bias": [0, 3], "name contains cls | pos": [0, 4], "every other tensor": [0, 5] } as const;
    const value = (name: string, shape: number[]) => ruleElements({ salt: "", scales }, name, shape)[0];
    expect([value("exact", []), value("n.weight", [1]), value("n.weight", [1, 1]), value("a.bias", [1]), value("a.q_bias", [1]), value("x.pos.y", [1]), value("inexact", [1])]).toEqual([1, 2, 5, 3, 3, 4, 5]);
    expect(() => ruleElements({ salt: "", scales: { other: [1, 0] } }, "name", [1])).toThrow('golden: no line of the rule fits "name"; its patterns are other.');
  });
});
