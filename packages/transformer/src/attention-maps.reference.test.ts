import { compile, openDevice, type Device, type Tensor } from "@multiway/tensor";
import { reference } from "@multiway/reference";
import { openRecorder, programBudget } from "@multiway/testing/op-suite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, tinyInput, tinyModel, tinySizes } from "../fixtures/tiny-model.ts";
import { modalities, paperForm, vlmoForm, type ByModality, type EncoderOutput, type MultiwayTransformer, type SequenceOrder } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

type Matrix = number[][];
/** Tokens of one modality: [batch][length][embedDim]. */
type Rows = Matrix[];
const { numHeads, embedDim } = tinySizes;
const headDim = embedDim / numHeads;

/** One layer's attention from its input, in plain loops. */
async function plainMaps(model: MultiwayTransformer, layer: number, input: ByModality<Tensor>, isSeen: (sample: number, query: number, key: number) => boolean, order: SequenceOrder = "visionFirst"): Promise<ByModality<number[][][][]>> {
  const block = model.encoder.layers[layer]!;
  const { epsilon } = block.attentionNorm.pick("vision", false);
  const tokens = order === "visionFirst" ? modalities : modalities.toReversed();
  const present = tokens.filter((modality) => input[modality]);
  const projected: Record<string, { query: Rows; key: Rows }> = {};
  for (const modality of present) {
    const norm = block.attentionNorm.pick(modality, present.length === 2);
    const [gain, offset] = [await norm.weight.data(), await norm.bias.data()];
    const x = (await input[modality]!.toArray()) as Rows;
    const normed = x.map((sample) =>
      sample.map((row) => {
        const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
        return row.map((value, channel) => ((value - mean) / Math.sqrt(variance + epsilon)) * gain[channel]! + offset[channel]!);
      }),
    );
    const through = async (part: "query" | "key"): Promise<Rows> => {
      const linear = block.attention[part].pick(modality, present.length === 2);
      const weight = (await linear.weight.toArray()) as Matrix;
      const bias = linear.bias ? await linear.bias.data() : undefined;
      return normed.map((sample) => sample.map((row) => weight.map((weights, out) => weights.reduce((sum, value, channel) => sum + value * row[channel]!, bias?.[out] ?? 0))));
    };
    projected[modality] = { query: await through("query"), key: await through("key") };
  }
  const batch = projected[present[0]!]!.query.length;
  const maps: ByModality<number[][][][]> = {};
  let before = 0;
  for (const modality of present) {
    maps[modality] = Array.from({ length: batch }, (_, sample) =>
      Array.from({ length: numHeads }, (_, head) =>
        projected[modality]!.query[sample]!.map((query, row) => {
          const keys = present.flatMap((other) => projected[other]!.key[sample]!);
          const scores = keys.map((key, column) => {
            let score = 0;
            for (let channel = head * headDim; channel < (head + 1) * headDim; channel++) score += query[channel]! * key[channel]!;
            return isSeen(sample, before + row, column) ? score / Math.sqrt(headDim) : -Infinity;
          });
          const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
          return scores.map((score) => Math.exp(score) / total);
        }),
      ),
    );
    before += projected[modality]!.query[0]!.length;
  }
  return maps;
}

async function expectMaps(model: MultiwayTransformer, { hidden, attention }: EncoderOutput, isSeen: (sample: number, query: number, key: number) => boolean, order?: SequenceOrder): Promise<void> {
  expect(attention).toHaveLength(model.encoder.layers.length);
  expect(hidden).toHaveLength(model.encoder.layers.length + 1);
  for (const [layer, maps] of attention!.entries()) {
    const plain = await plainMaps(model, layer, hidden![layer]!, isSeen, order);
    expect(Object.keys(maps).sort()).toEqual(Object.keys(plain).sort());
    for (const modality of modalities) {
      if (plain[modality]) expect(await distance(maps[modality]!, device.tensor(plain[modality] as never))).toBeLessThan(1e-6);
    }
  }
}

const asked = { hidden: true, attention: true } as const;
const patches = 5;
const words = 5;
/** Whether a word of {@link tinyInput} is padding, by its place. */
const isPad = (sample: number, word: number) => sample === 1 && word >= 3;

describe("hidden states and attention of each layer, against plain loops", () => {
  it("a picture", async () => {
    const model = tinyModel(device, { numLayers: 3 });
    await expectMaps(model, model.encodeVision(tinyInput(device).images, asked), () => true);
  });
  it("a text, without its padding", async () => {
    const model = tinyModel(device, { numLayers: 3 });
    const { text, isPadding } = tinyInput(device);
    await expectMaps(model, model.encodeLanguage(text, { isPadding, ...asked }), (sample, _, key) => !isPad(sample, key));
  });
  it("a pair, in which padding is seen by nobody", async () => {
    const model = tinyModel(device);
    await expectMaps(model, model.encodeFusion(tinyInput(device), asked), (sample, _, key) => key < patches || !isPad(sample, key - patches));
  });
  it("a pair with shared attention and a joint expert", async () => {
    const model = tinyModel(device, { ...paperForm, visionLanguageLayers: 1 });
    await expectMaps(model, model.encodeFusion(tinyInput(device), asked), (sample, _, key) => key < patches || !isPad(sample, key - patches));
  });
  it("a pair whose text stands first", async () => {
    const model = tinyModel(device, { ...vlmoForm, visionLanguageLayers: 1 });
    await expectMaps(model, model.encodeFusion(tinyInput(device), asked), (sample, _, key) => key >= words || !isPad(sample, key), "languageFirst");
  });
  it("pictures and texts apart, of batches that differ in size", async () => {
    const model = tinyModel(device);
    const { images, text, isPadding } = tinyInput(device);
    const output = model.encodeDual({ images: images.narrow(0, 0, 1), text, isPadding }, { ...asked, own: true });
    for (const [layer, maps] of output.attention!.entries()) {
      const plain = [await plainMaps(model, layer, { vision: output.hidden![layer]!.vision! }, () => true), await plainMaps(model, layer, { language: output.hidden![layer]!.language! }, (sample, _, key) => !isPad(sample, key))];
      expect(await distance(maps.vision!, device.tensor(plain[0]!.vision as never))).toBeLessThan(1e-6);
      expect(await distance(maps.language!, device.tensor(plain[1]!.language as never))).toBeLessThan(1e-6);
    }
    expect(output.own!.map((layer) => [layer.vision!.keys.shape[0], layer.language!.keys.shape[0]])).toEqual([[1, 2], [1, 2]]);
  });
  it("a caption, in which a word sees the picture and what is to its left", async () => {
    const model = tinyModel(device);
    const isSeen = (sample: number, query: number, key: number) => key < patches || (query >= key && !isPad(sample, key - patches));
    await expectMaps(model, model.encodeForCaptioning(tinyInput(device), asked), isSeen);
  });
  it("words that come later, over what was kept of the earlier ones and the picture", async () => {
    const model = tinyModel(device);
    const { images, text } = tinyInput(device);
    const tokens = model.embed({ images, text });
    const whole = model.encodeForCaptioning({ images, text }, { ...asked, own: true });
    const [earlier, later] = [(x: Tensor) => x.narrow(1, 0, 3), (x: Tensor) => x.narrow(1, 3, 2)];
    const past = whole.own!.map(({ vision, language }) => [vision!, { keys: earlier(language!.keys), values: earlier(language!.values) }]);
    const bias = { language: device.tensor([[0, -1e8], [0, 0]]).reshape([1, 1, 2, 2]).pad([[0, 0], [0, 0], [0, 0], [patches + 3, 0]]) };
    const output = model.encoder.forward({ language: later(tokens.language!) }, { past, bias, fused: true, ...asked });
    for (const [layer, { language }] of output.attention!.entries()) {
      expect(language!.shape).toEqual([2, numHeads, 2, patches + words]);
      expect(await distance(language!, whole.attention![layer]!.language!.narrow(2, 3, 2))).toBeLessThan(1e-9);
      expect(await distance(output.hidden![layer + 1]!.language!, later(whole.hidden![layer + 1]!.language!))).toBeLessThan(1e-9);
    }
  });
});

it("attention maps are computed only when they are asked for, from the projections that are there anyway", async () => {
  const recorder = await openRecorder();
  const model = tinyModel(recorder.device);
  const { images } = tinyInput(recorder.device);
  const costOf = (options: { attention?: boolean; hidden?: boolean }) => {
    compile((m: MultiwayTransformer, x: Tensor) => ({ ...m.encodeVision(x, options) }))(model as never, images);
    const products = recorder.labels().filter((label) => label.startsWith("matmul")).length;
    return { products, ...programBudget(recorder.programs.at(-1)!) };
  };
  const plain = costOf({});
  const layers = model.encoder.layers.length;
  expect(costOf({ hidden: true, attention: false }).products).toBe(plain.products);
  const withMaps = costOf({ attention: true });
  // Of scores alone: one product a layer.
  expect(withMaps.products).toBe(plain.products + layers);
  expect(withMaps.kernels).toBeGreaterThan(plain.kernels);
  await recorder.device.close();
});
