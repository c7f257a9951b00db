import { LayerNorm, Linear, Module } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { openDevice, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tinySizes } from "../fixtures/tiny-model.ts";
import { MultiwayTransformer, officialName, releasedForm, type MultiwayInput } from "./index.ts";

// A second source of expected values beside the fixtures: short enough to be copied out, from the official code (microsoft/unilm: beit3) in 32-bit
// floats, on weights that follow from their names.

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

/**
 * Fills a model and its head: names sorted by code point; element i of tensor k is 0.2 · sin(0.7 i + 1.3 k), and 1 more in the weights of norms.
 *
 * @param head  by official name
 */
function fill(model: MultiwayTransformer, head: { module: Module; names: Record<string, string>; others?: string[] }): void {
  const places = new Map<string, [Module, string]>();
  for (const { name } of model.tensors()) places.set(`beit3.${officialName(name)}`, [model, name]);
  for (const [official, ours] of Object.entries(head.names)) places.set(official, [head.module, ours]);
  const sorted = [...places.keys(), ...(head.others ?? [])].sort((a, b) => (a < b ? -1 : 1));
  sorted.forEach((official, rank) => {
    const [module, name] = places.get(official) ?? [];
    if (!module || !name) return;
    const { shape, size } = module.stateDict()[name]!;
    const isNorm = /norm|_ln\./.test(official) && official.endsWith("weight");
    const values = Float32Array.from({ length: size }, (_, index) => 0.2 * Math.sin(0.7 * index + 1.3 * rank) + (isNorm ? 1 : 0));
    module.loadStateDict({ [name]: device.tensor(values, { shape }) }, { strict: false });
  });
}

const tiny = (finalNorm: boolean) => new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 2, finalNorm });
const images = () => device.tensor(Float32Array.from({ length: 192 }, (_, index) => Math.sin(0.3 * index)), { shape: [1, 3, 8, 8] });
const ids = (...values: number[]) => device.tensor(Int32Array.from(values), { shape: [1, values.length] });

async function expectValues(actual: Tensor, expected: string): Promise<void> {
  const wanted = expected.split(", ").map(Number);
  const values = await actual.data();
  expect(values.length).toBe(wanted.length);
  wanted.forEach((value, index) => expect(Math.abs(values[index]! - value)).toBeLessThan(5e-6));
}

describe("the official code's values for the retrieval model", () => {
  class Heads extends Module {
    vision = new Linear(8, 8, { bias: false });
    language = new Linear(8, 8, { bias: false });
  }
  let model: MultiwayTransformer;
  let heads: Heads;
  let input: MultiwayInput & { images: Tensor; text: Tensor };
  beforeAll(() => {
    model = tiny(true);
    heads = new Heads();
    fill(model, { module: heads, names: { "language_head.weight": "language.weight", "vision_head.weight": "vision.weight" }, others: ["logit_scale"] });
    input = { images: images(), text: ids(0, 7, 10, 2, 1), isPadding: device.tensor([[false, false, false, false, true]]) };
  });
  it("image alone", async () => {
    const { vision } = model.encodeVision(input.images);
    await expectValues(vision.slice([0, 0]), "-0.737201, -0.717577, 0.539228, 1.053143, -0.372203, -1.601879, -0.161986, 1.775320");
    await expectValues(vision.slice([0, 4]), "-0.710587, -0.439730, 0.153573, 0.985114, -0.238058, -2.013376, 0.171207, 1.890086");
  });
  it("text alone", async () => {
    const { language } = model.encodeLanguage(input.text, { isPadding: input.isPadding! });
    await expectValues(language.slice([0, 0]), "-2.161499, -0.284052, 1.822113, 1.235647, -0.421802, -0.484741, 0.384669, 0.295672");
    await expectValues(language.slice([0, 3]), "-1.822258, -0.740111, 1.469334, 1.431405, -0.310788, -0.772072, 0.227827, 0.785130");
  });
  it("image and text", async () => {
    const { vision, language } = model.encodeFusion(input);
    await expectValues(vision.slice([0, 0]), "0.174009, -0.402615, 0.425051, 0.908344, -0.523533, -2.126604, -0.852696, 1.779781");
    await expectValues(language.slice([0, 0]), "-1.774224, -1.599248, -0.334361, 0.270295, 0.186663, 0.491998, 1.062918, 1.009328");
    await expectValues(language.slice([0, 3]), "-1.842898, -0.373514, 1.729442, 1.280116, -0.538066, -0.782509, 0.270453, 0.621322");
  });
  it("image with masked patches", async () => {
    const { vision } = model.encodeVision(input.images, { isMaskedPatch: device.tensor([[false, true, false, true]]) });
    await expectValues(vision.slice([0, 0]), "-0.385235, -0.653778, 0.482960, 1.088108, -0.331340, -1.831938, -0.521297, 1.776310");
  });
  it("embeddings of both, apart", async () => {
    const { vision, language } = model.encodeDual(input);
    const unit = (x: Tensor) => x.div(x.norm());
    const [v, t] = [unit(heads.vision.forward(vision.slice([0, 0]))), unit(heads.language.forward(language.slice([0, 0])))];
    await expectValues(v, "0.490038, 0.253491, -0.096841, -0.403704, -0.529357, -0.417398, -0.118083, 0.234236");
    await expectValues(t, "0.498511, 0.281797, -0.061406, -0.377047, -0.523442, -0.434882, -0.151116, 0.200480");
    await expectValues(v.mul(t).sum(), "0.9972947");
  });
});

describe("the official code's values for the captioning model", () => {
  it("logits of the last word under the captioning mask", async () => {
    const model = tiny(true);
    const head = new Linear(8, 12);
    fill(model, { module: head, names: { "mlm_head.weight": "weight", "mlm_head.bias": "bias" } });
    const { language } = model.encodeForCaptioning({ images: images(), text: ids(0, 7, 10, 11) });
    await expectValues(head.forward(language.slice([0, 3])).narrow(0, 0, 8), "0.130476, 0.351917, 0.416987, 0.293537, 0.034674, -0.243995, -0.415978, -0.401336");
  });
});

describe("the official code's values for models without a final norm", () => {
  it("image classification: mean over patches, norm, linear", async () => {
    const model = tiny(false);
    class Head extends Module {
      norm = new LayerNorm(8);
      linear = new Linear(8, 5);
    }
    const head = new Head();
    fill(model, { module: head, names: { "fc_norm.weight": "norm.weight", "fc_norm.bias": "norm.bias", "head.weight": "linear.weight", "head.bias": "linear.bias" } });
    const { vision } = model.encodeVision(images());
    await expectValues(head.linear.forward(head.norm.forward(vision.narrow(1, 1, 4).mean({ axis: 1 }))).squeeze(0), "1.082123, 0.712190, 0.023266, -0.672848, -1.062653");
  });
});
