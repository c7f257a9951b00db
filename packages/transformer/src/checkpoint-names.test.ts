import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MultiwayTransformer, nameOfOfficial, officialName, releasedForm } from "./index.ts";

interface Release {
  parameters: number;
  layers: number;
  /** First and last layer alone. */
  tensors: Record<string, number[]>;
}
const releases = JSON.parse(readFileSync(new URL("../fixtures/release-names.json", import.meta.url), "utf8")) as Record<string, Release>;
const sizes = { base: { numLayers: 12, embedDim: 768, numHeads: 12, ffnDim: 3072 }, large: { numLayers: 24, embedDim: 1024, numHeads: 16, ffnDim: 4096 } };
/** Shapes alone: no element is made. */
const modelOf = (size: keyof typeof sizes, imageSize: number, finalNorm = true) =>
  new MultiwayTransformer({ ...releasedForm, ...sizes[size], imageSize, patchSize: 16, vocabularySize: 64010, finalNorm });
const count = (shapes: number[][]) => shapes.reduce((sum, shape) => sum + shape.reduce((size, extent) => size * extent, 1), 0);

/** All official names, the layers between first and last filled in; the encoder's without their prefix, and the others. */
function namesOf({ layers, tensors }: Release): { encoder: Map<string, number[]>; rest: number[][] } {
  const encoder = new Map<string, number[]>();
  const rest: number[][] = [];
  for (const [name, shape] of Object.entries(tensors)) {
    if (!name.startsWith("beit3.")) rest.push(shape);
    else if (!name.includes(".layers.0.")) encoder.set(name.slice("beit3.".length), shape);
    else for (let layer = 0; layer < layers; layer++) encoder.set(name.slice("beit3.".length).replace(".layers.0.", `.layers.${layer}.`), shape);
  }
  return { encoder, rest };
}

describe("officialName", () => {
  it.each(Object.entries(releases))("covers all tensors of %s, one to one, in their shapes", (name, release) => {
    const [, size, imageSize] = /beit3_(base|large)_patch16_(\d+)/.exec(name)!;
    const { encoder, rest } = namesOf(release);
    const model = modelOf(size as keyof typeof sizes, Number(imageSize), encoder.has("encoder.layer_norm.A.weight"));
    expect(new Map(model.tensors().map((tensor) => [officialName(tensor.name), tensor.tensor.shape]))).toEqual(encoder);
    for (const official of encoder.keys()) expect(officialName(nameOfOfficial(official)!)).toBe(official);
    expect(new Set([...encoder.keys()].map(nameOfOfficial))).toEqual(new Set(model.tensors().map((tensor) => tensor.name)));
    expect(model.countParameters()).toBe(release.parameters - count(rest));
  });
  it("knows no others", () => {
    for (const official of ["mlm_head.weight", "encoder.layers.0.self_attn.q_proj.C.weight", "encoder.layers.x.final_layer_norm.A.bias", "encoder.layers.0.nothing", ""]) {
      expect(nameOfOfficial(official)).toBeUndefined();
    }
    expect(() => officialName("encoder.layers.0.ffn.visionLanguage.up.weight")).toThrow('officialName: "encoder.layers.0.ffn.visionLanguage.up.weight" has no official name; expected a tensor of the released form');
  });
});

describe("MultiwayTransformer in the released form", () => {
  it.each([
    ["base", true, 220_987_392, 491],
    ["base", false, 220_984_320, 487],
    ["large", true, 672_702_464, 971],
  ] as const)("%s, final norm %s, has %i parameters in %i tensors", (size, finalNorm, parameters, tensors) => {
    const model = modelOf(size, 224, finalNorm);
    expect([model.countParameters(), model.tensors().length]).toEqual([parameters, tensors]);
  });
});
