import { reference } from "@multiway/reference";
import { grad, openDevice, realize, Tensor, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distance, randomise, tinyInput, tinyModel, tinySizes } from "../fixtures/tiny-model.ts";
import { MultiwayTransformer, paperForm, releasedForm, type EncoderOutput, type Modality, type MultiwayInput, type MultiwayTransformerOptions } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

// The reference device computes in float64, so what is equal in theory is equal to its last digits.
const equal = 1e-9;
const paper = { ...paperForm, numLayers: 4 };
const inputs = (): Record<"image" | "text" | "fused", MultiwayInput> => {
  const { images, text, isPadding } = tinyInput(device);
  return { image: { images }, text: { text, isPadding }, fused: { images, text, isPadding } };
};

/** A model without experts, whose weights are those of one expert of another model: which, the second argument says. */
function plainOf(model: MultiwayTransformer, expert: Modality | "visionLanguage", options: Partial<MultiwayTransformerOptions>): MultiwayTransformer {
  const shared = { attention: "shared", attentionNorm: "shared", feedForward: "shared", finalNorm: "shared" } as const;
  const plain = new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 2, ...options, routing: shared, visionLanguageLayers: 0 });
  const state = model.stateDict();
  plain.loadStateDict(Object.fromEntries(plain.tensors().map(({ name }) => [name, (state[name] ?? state[name.replace(".shared.", `.${expert}.`)])!])));
  return plain;
}
async function expectSame(a: EncoderOutput, b: EncoderOutput): Promise<void> {
  for (const modality of ["vision", "language"] as const) {
    expect([modality, a[modality] !== undefined]).toEqual([modality, b[modality] !== undefined]);
    if (a[modality]) expect(await distance(a[modality], b[modality]!)).toBeLessThan(equal);
  }
}

describe("experts", () => {
  it("in the paper's form, being equal, make the plain encoder", async () => {
    const model = tinyModel(device, paper);
    const state = model.stateDict();
    const twin = (name: string) => name.replace(/\.(ffn|ffnNorm)\.(language|visionLanguage)\./, ".$1.vision.");
    model.loadStateDict(Object.fromEntries(Object.keys(state).map((name) => [name, state[twin(name)]!])));
    const plain = plainOf(model, "vision", { ...paper });
    for (const input of Object.values(inputs())) await expectSame(model.forward(input), plain.forward(input));
  });
  it("leave one modality with the plain encoder of its own", async () => {
    const model = tinyModel(device);
    const { image, text } = inputs();
    await expectSame(model.forward(image), plainOf(model, "vision", {}).forward(image));
    await expectSame(model.forward(text), plainOf(model, "language", {}).forward(text));
    const ofPaper = tinyModel(device, paper);
    await expectSame(ofPaper.forward(image), plainOf(ofPaper, "vision", paper).forward(image));
    await expectSame(ofPaper.forward(text), plainOf(ofPaper, "language", paper).forward(text));
  });
  it("of the joint kind take all tokens of a fused input", async () => {
    // With a joint expert in every layer, nothing else of the feed-forward parts is used.
    const model = tinyModel(device, { ...paper, visionLanguageLayers: 4 });
    const { fused } = inputs();
    await expectSame(model.forward(fused), plainOf(model, "visionLanguage", paper).forward(fused));
  });
  it("matter: each one's weights change what comes out", async () => {
    const { fused } = inputs();
    const [a, b] = [tinyModel(device), randomise(new MultiwayTransformer({ ...releasedForm, ...tinySizes, numLayers: 2 }), device, 1)];
    expect(await distance(a.forward(fused).vision!, b.forward(fused).vision!)).toBeGreaterThan(0.01);
  });
});

describe("gradients", () => {
  /** Names of the parameters that get one, and which of those are zero everywhere. */
  async function reached(model: MultiwayTransformer, input: MultiwayInput): Promise<{ names: string[]; zero: string[] }> {
    const loss = (m: MultiwayTransformer) => {
      const { vision, language } = m.forward(input);
      // Weighted, since the sum over a normed row is blind to much.
      return [vision, language].filter((x) => x !== undefined).map((x) => x.mul(device.tensor(Float32Array.from({ length: x.size }, (_, i) => Math.sin(i)), { shape: x.shape })).sum()).reduce((a, b) => a.add(b));
    };
    const gradients = grad(loss)(model) as unknown as MultiwayTransformer;
    const found = gradients.tensors().filter(({ tensor }) => tensor instanceof Tensor);
    const zero: string[] = [];
    await realize(found.map(({ tensor }) => tensor));
    for (const { name, tensor } of found) if ((await tensor.data()).every((value) => value === 0)) zero.push(name);
    return { names: found.map(({ name }) => name), zero };
  }
  /** The parameters that a batch should reach: those of the named experts, and shared ones. */
  function expected(model: MultiwayTransformer, uses: (expert: string, layer: number) => boolean, parts: { vision: boolean; language: boolean }): string[] {
    return model.tensors().flatMap(({ name }) => {
      if (name.startsWith("visionEmbedding.")) return parts.vision && !name.endsWith("maskToken") ? [name] : [];
      if (name.startsWith("textEmbedding.")) return parts.language ? [name] : [];
      if (name.startsWith("positions.")) return parts[name.split(".")[1] as Modality] ? [name] : [];
      const expert = /\.(vision|language|visionLanguage|shared)\./.exec(name)![1]!;
      const layer = Number(/layers\.(\d+)\./.exec(name)?.[1] ?? -1);
      return expert === "shared" || uses(expert, layer) ? [name] : [];
    });
  }
  it.each(["image", "text", "fused"] as const)("of a batch of kind %s reach every expert in use and no other, in the released form", async (kind) => {
    const model = tinyModel(device);
    const parts = { vision: kind !== "text", language: kind !== "image" };
    const { names, zero } = await reached(model, inputs()[kind]);
    expect(names).toEqual(expected(model, (expert) => parts[expert as Modality], parts));
    // A softmax is blind to what all keys have in common; in float64 that is zero but for rounding.
    expect(zero.filter((name) => !/attention\.key\..*bias/.test(name))).toEqual([]);
  });
  it.each(["image", "text", "fused"] as const)("of a batch of kind %s reach the paper's joint experts only when fused", async (kind) => {
    const model = tinyModel(device, paper);
    const parts = { vision: kind !== "text", language: kind !== "image" };
    const isJoint = (layer: number) => kind === "fused" && layer >= 1;
    const { names, zero } = await reached(model, inputs()[kind]);
    expect(names).toEqual(expected(model, (expert, layer) => (expert === "visionLanguage" ? isJoint(layer) : !isJoint(layer) && parts[expert as Modality]), parts));
    expect(zero.filter((name) => !/attention\.key\..*bias/.test(name))).toEqual([]);
  });
  it("reach the mask vector when a patch is masked", async () => {
    const { images } = tinyInput(device);
    const isMaskedPatch = device.tensor([[true, false, false, false], [false, false, false, false]]);
    expect((await reached(tinyModel(device), { images, isMaskedPatch })).names).toContain("visionEmbedding.maskToken");
  });
});

describe("an empty part", () => {
  it.each(["released", "paper"] as const)("changes nothing, in the %s form", async (form) => {
    const { encoder } = tinyModel(device, form === "paper" ? paper : {});
    const x = device.tensor(Float32Array.from({ length: 80 }, (_, i) => Math.cos(i)), { shape: [2, 5, 8] });
    const empty = x.narrow(1, 0, 0);
    const image = encoder.forward({ vision: x, language: empty }, { attention: true });
    expect(await distance(image.vision!, encoder.forward({ vision: x }).vision!)).toBeLessThan(equal);
    expect([image.language!.shape, await image.language!.toArray()]).toEqual([[2, 0, 8], [[], []]]);
    expect(image.attention![0]!.vision!.shape).toEqual([2, 2, 5, 5]);
    expect(image.attention![0]!.language!.shape).toEqual([2, 2, 0, 5]);
    const text = encoder.forward({ vision: empty, language: x });
    expect(await distance(text.language!, encoder.forward({ language: x }).language!)).toBeLessThan(equal);
    expect(text.vision!.shape).toEqual([2, 0, 8]);
  });
});
