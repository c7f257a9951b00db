import { readFileSync } from "node:fs";
import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { concat, openDevice, realize, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, randomise, tinyInput, tinySizes } from "../fixtures/tiny-model.ts";
import { attentionBias, captioningMask, modalityRelativeIndex, MultiwayEncoder, MultiwayTransformer, vlmoForm, type MultiwayBlock, type MultiwayEncoderOptions } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

const sizes = { numLayers: 3, embedDim: 8, numHeads: 2, ffnDim: 16 };
const grid = [2, 2] as const;
const make = (options: Partial<MultiwayEncoderOptions> = {}) => randomise(new MultiwayEncoder({ ...vlmoForm, ...sizes, relativePositions: { grid, textLength: 6 }, ...options }), device);
const tokensOf = (seed: number, length: number) => device.tensor(Float32Array.from({ length: 2 * length * 8 }, (_, index) => Math.sin(seed + index * 1.7)), { shape: [2, length, 8] });

/**
 * VLMo's layer as its authors wrote it: one sequence, text first, one attention over it, then the feed-forward parts over pieces of the sequence.
 *
 * @param bias [heads, length, length]
 */
function plainLayer(block: MultiwayBlock, x: Tensor, words: number, bias: Tensor): Tensor {
  const [batch, length, width] = x.shape as [number, number, number];
  const { attention } = block;
  const normed = block.attentionNorm.shared!.forward(x);
  const heads = (y: Tensor) => y.reshape([batch, length, 2, width / 2]).permute([0, 2, 1, 3]);
  const [q, k, v] = [attention.query, attention.key, attention.value].map((projection) => heads(projection.shared!.forward(normed))) as [Tensor, Tensor, Tensor];
  const weights = q.matmul(k.transpose(-1, -2)).mul(1 / Math.sqrt(width / 2)).add(bias).softmax(-1);
  const mixed = weights.matmul(v).permute([0, 2, 1, 3]).reshape([batch, length, width]);
  const attended = x.add(attention.out.shared!.forward(mixed).mul(block.attentionScale!));
  const expert = (part: Tensor, name: "vision" | "language" | "visionLanguage") => part.add(block.ffn[name]!.forward(block.ffnNorm[name]!.forward(part)).mul(block.ffnScale!));
  if (block.ffn.visionLanguage) return expert(attended, "visionLanguage");
  return concat([expert(attended.narrow(1, 0, words), "language"), expert(attended.narrow(1, words, length - words), "vision")], 1);
}

describe("VLMo's block", () => {
  it("computes what the layers over one sequence, text first, compute: two with experts for both together", async () => {
    const encoder = make();
    const [language, vision] = [tokensOf(1, 4), tokensOf(2, 5)];
    const output = encoder.forward({ vision, language }, { hidden: true });
    // Rows of the table, pair by pair, from the rule in words: 12 for a 2 × 2 picture (9 offsets and 3), 2 across, 12 for words.
    const row = (query: number, key: number): number => {
      if (query < 4 && key < 4) return query === 0 ? (key === 0 ? 25 : 23) : key === 0 ? 24 : 14 + (key - query) + 4;
      if (query < 4) return 12;
      if (key < 4) return 13;
      if (query === 4 || key === 4) return query === key ? 11 : query === 4 ? 9 : 10;
      const [a, b] = [query - 5, key - 5];
      return ((a >> 1) - (b >> 1) + 1) * 3 + ((a & 1) - (b & 1) + 1);
    };
    const index = device.tensor(Int32Array.from({ length: 81 }, (_, at) => row(Math.floor(at / 9), at % 9)), { shape: [9, 9] });
    expect(encoder.relativePositions!.weight.shape).toEqual([26, 6]);
    let x = concat([language, vision], 1);
    for (const [layer, block] of encoder.layers.entries()) {
      x = plainLayer(block, x, 4, encoder.relativePositions!.weight.gather(index).permute([2, 0, 1]).narrow(0, 2 * layer, 2));
      const ours = output.hidden![layer + 1]!;
      expect(await distance(concat([ours.language!, ours.vision!], 1), x)).toBeLessThan(1e-9);
    }
    expect(await distance(output.vision!, encoder.finalNorm!.shared!.forward(x.narrow(1, 4, 5)))).toBeLessThan(1e-9);
  });
  it("has the parts that the form names, and no others", () => {
    const encoder = new MultiwayEncoder({ ...vlmoForm, numLayers: 12, embedDim: 768, numHeads: 12, ffnDim: 3072, relativePositions: { grid: [14, 14] } });
    const names = encoder.tensors().map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("layers.0."))).toEqual([
      ...["attentionNorm.shared.weight", "attentionNorm.shared.bias", "attention.query.shared.weight", "attention.query.shared.bias", "attention.key.shared.weight", "attention.value.shared.weight", "attention.value.shared.bias"],
      ...["attention.out.shared.weight", "attention.out.shared.bias"],
      ...["vision", "language"].flatMap((modality) => [`ffnNorm.${modality}.weight`, `ffnNorm.${modality}.bias`]),
      ...["vision", "language"].flatMap((modality) => ["up", "down"].flatMap((part) => [`ffn.${modality}.${part}.weight`, `ffn.${modality}.${part}.bias`])),
      ...["attentionScale", "ffnScale"],
    ].map((name) => `layers.0.${name}`));
    expect(names.filter((name) => name.endsWith("ffn.visionLanguage.up.weight"))).toEqual(["layers.10.ffn.visionLanguage.up.weight", "layers.11.ffn.visionLanguage.up.weight"]);
    // (2 · 14 − 1)² + 3 for pictures, 2 across, 2 · 196 for words.
    expect(encoder.relativePositions!.weight.shape).toEqual([732 + 2 + 392, 144]);
    // The paper's 175 million, less BERT's table of 30522 words and the patch projection.
    expect(Math.round((encoder.countParameters() + 30522 * 768 + 768 * 768) / 1e6)).toBe(175);
  });
  it("each modality alone takes its own part of the table", async () => {
    const encoder = make({ numLayers: 1, visionLanguageLayers: 0 });
    const alone = encoder.forward({ language: tokensOf(1, 4) }).language!;
    const bias = encoder.relativePositions!.forward({ vision: 0, language: 4 })(0);
    expect(bias.vision).toBeUndefined();
    const plain = make({ numLayers: 1, visionLanguageLayers: 0, relativePositions: undefined });
    plain.loadStateDict(Object.fromEntries(Object.entries(encoder.stateDict()).filter(([name]) => !name.startsWith("relative"))));
    expect(await distance(alone, plain.forward({ language: tokensOf(1, 4) }, { bias }).language!)).toBeLessThan(1e-12);
  });
  it("refuses pictures of another grid and longer texts", () => {
    const encoder = make();
    expect(() => encoder.forward({ vision: tokensOf(0, 4) })).toThrow("ModalityRelativePositions: 4 image tokens; expected 5, a class vector and 2 × 2 patches.");
    expect(() => encoder.forward({ language: tokensOf(0, 7) })).toThrow("ModalityRelativePositions: 7 text tokens; expected at most 6.");
  });
  it("image and text lose a feed-forward branch apart where each has an expert of its own, together otherwise", async () => {
    const drops = async (options: Partial<MultiwayEncoderOptions>): Promise<boolean> => {
      const encoder = make({ numLayers: 2, dropPathRate: 0.5, relativePositions: undefined, ...options });
      const batch = 40;
      const many = (seed: number) => tokensOf(seed, 1).narrow(0, 0, 1).expand([batch, 1, 8]).add(device.zeros([batch, 1, 8]));
      // Attention adds nothing, so that what changes tokens in the second layer is the feed-forward part alone.
      for (const layer of encoder.layers) layer.attentionScale = device.zeros([8]);
      const { hidden } = encoder.forward({ vision: many(1), language: many(2) }, { hidden: true, key: key(3) });
      const kept = async (modality: "vision" | "language") => Array.from(await hidden![2]![modality]!.sub(hidden![1]![modality]!).abs().sum({ axis: [1, 2] }).data(), (change) => change > 1e-9);
      const [vision, language] = [await kept("vision"), await kept("language")];
      expect(vision.filter(Boolean).length).toBeGreaterThan(8);
      expect(vision.filter(Boolean).length).toBeLessThan(32);
      return vision.every((value, index) => value === language[index]);
    };
    expect(await drops({ visionLanguageLayers: 0 })).toBe(false);
    expect(await drops({ visionLanguageLayers: 1 })).toBe(true);
    expect(await drops({ visionLanguageLayers: 0, ffnDropPath: "bySample" })).toBe(true);
  });
});

describe("a sequence with text first", () => {
  const lengths = { vision: 2, language: 3 };
  it("puts masks and padding where the modalities are", async () => {
    const isPadding = device.tensor([[false, false, true]]);
    const scores = device.tensor(Float32Array.from({ length: 25 }, (_, index) => index), { shape: [5, 5] });
    const { vision, language } = await realize(attentionBias(lengths, { isPadding, scores }, "languageFirst"));
    expect(await vision!.toArray()).toEqual([[[[15, 16, -Infinity, 18, 19], [20, 21, -Infinity, 23, 24]]]]);
    expect(((await language!.toArray()) as number[][][][])[0]![0]![0]).toEqual([0, 1, -Infinity, 3, 4]);
    expect(await captioningMask(lengths, "languageFirst").cast("i32").add(device.tensor(0).cast("i32")).toArray()).toEqual([[0, 1, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 1, 0, 0]]);
  });
  it("gives the model's tokens the same values as with pictures first, as long as nothing depends on places", async () => {
    const input = tinyInput(device);
    const models = (["visionFirst", "languageFirst"] as const).map((order) => randomise(new MultiwayTransformer({ ...vlmoForm, ...tinySizes, numLayers: 3, order }), device));
    for (const use of ["encodeFusion", "encodeForCaptioning"] as const) {
      const [a, b] = models.map((model) => model[use](input));
      expect(await distance(a!.vision, b!.vision)).toBeLessThan(1e-9);
      expect(await distance(a!.language, b!.language)).toBeLessThan(1e-9);
    }
  });
});

it("pictures take the rows of BEiT's relative table", () => {
  const { grid: side, index } = JSON.parse(readFileSync(new URL("../fixtures/beit2/relative-index.json", import.meta.url), "utf8")) as { grid: [number, number]; index: number[][] };
  expect(Array.from(modalityRelativeIndex({ grid: side }, ["vision", 17], ["vision", 17]))).toEqual(index.flat());
});
