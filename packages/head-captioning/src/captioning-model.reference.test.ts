import { initialise } from "@multiway/nn";
import { reference } from "@multiway/reference";
import { compile, openDevice, valueAndGrad, type Device, type Tensor } from "@multiway/tensor";
import { MultiwayTransformer, paperForm, releasedForm } from "@multiway/transformer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Captioner, captioningLoss, CaptioningModel, type CaptionState } from "./index.ts";

const [first, last, padding, mask] = [0, 2, 1, 11];
const forms = { released: releasedForm, paper: { ...paperForm, visionLanguageLayers: 1 } } as const;

let device: Device;
let images: Tensor;
const models = new Map<string, CaptioningModel>();

beforeAll(async () => {
  device = await openDevice(reference());
  for (const [name, form] of Object.entries(forms)) {
    const transformer = new MultiwayTransformer({ ...form, numLayers: 2, embedDim: 16, numHeads: 2, ffnDim: 32, imageSize: 8, patchSize: 4, vocabularySize: 12, textPositions: 12 });
    models.set(name, await initialise(new CaptioningModel(transformer), { device, key: 3 }));
  }
  images = device.tensor(Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i * i)), { shape: [2, 3, 8, 8] });
});
afterAll(() => device.close());

const ids = (rows: number[][]): Tensor => device.tensor(Int32Array.from(rows.flat()), { shape: [rows.length, rows[0]!.length] });

describe.each(Object.keys(forms))("%s form", (name) => {
  it("a word at a time gives what the whole sentence gives, and rows may change places", async () => {
    const model = models.get(name)!;
    const words = [[first, 5, 7, 3, 9], [first, 4, 8, 6, 5]];
    let state: CaptionState = model.begin(images, 1, 6);
    for (let length = 2; length <= 6; length++) {
      const now = ids(words.map((sentence) => [sentence[length - 2]!, mask]));
      const stepped = model.step(state, now, device.tensor(Int32Array.of(0, 1)), device.tensor(Int32Array.of(length), { shape: [] }));
      const text = ids(words.map((sentence) => [...sentence.slice(0, length - 1), mask]));
      const whole = model.forward({ images, text }).slice([null, [-2, null]]);
      expect(await stepped.logits.sub(whole).abs().max().item()).toBeLessThan(1e-9);
      expect(await stepped.logProbabilities.exp().sum({ axis: 1 }).sub(1).abs().max().item()).toBeLessThan(1e-9);
      ({ state } = stepped);
    }
  });

  it("shows what a word attends to: the picture and the words so far", async () => {
    const model = models.get(name)!;
    const capacity = 6;
    const at = (length: number) => device.tensor(Int32Array.of(length), { shape: [] });
    const same = device.tensor(Int32Array.of(0, 1));
    const { state } = model.step(model.begin(images, 1, capacity), ids([[first, mask], [first, mask]]), same, at(2));
    const { attention, hidden, logits } = model.step(state, ids([[5, mask], [4, mask]]), same, at(3), { attention: true, hidden: true });
    const whole = model.transformer.encodeForCaptioning({ images, text: ids([[first, 5, mask], [first, 4, mask]]) }, { attention: true, hidden: true });
    expect([attention!.length, hidden!.length, logits.shape[1]]).toEqual([2, 3, 2]);
    for (const [layer, maps] of attention!.entries()) {
      expect(maps.shape).toEqual([2, 2, 2, 5 + capacity + 2]);
      const expected = whole.attention![layer]!.language!.narrow(2, 1, 2);
      // Picture and first word, empty places, then the two of this step.
      expect(await maps.narrow(3, 0, 6).sub(expected.narrow(3, 0, 6)).abs().max().item()).toBeLessThan(1e-9);
      expect(await maps.narrow(3, 6, capacity - 1).max().item()).toBe(0);
      expect(await maps.narrow(3, 5 + capacity, 2).sub(expected.narrow(3, 6, 2)).abs().max().item()).toBeLessThan(1e-9);
      expect(await hidden![layer + 1]!.sub(whole.hidden![layer + 1]!.language!.narrow(1, 1, 2)).abs().max().item()).toBeLessThan(1e-9);
    }
  });

  it("a row goes on from the row that it is told", async () => {
    const model = models.get(name)!;
    const at = (length: number) => device.tensor(Int32Array.of(length), { shape: [] });
    const start = model.begin(images.slice([[0, 1]]), 2, 4);
    const { state } = model.step(start, ids([[5, mask], [7, mask]]), device.tensor(Int32Array.of(0, 1)), at(2));
    const turned = model.step(state, ids([[3, mask], [3, mask]]), device.tensor(Int32Array.of(1, 0)), at(3)).logits;
    const straight = model.step(state, ids([[3, mask], [3, mask]]), device.tensor(Int32Array.of(0, 1)), at(3)).logits;
    expect(await turned.sub(straight.gather(device.tensor(Int32Array.of(1, 0)))).abs().max().item()).toBe(0);
    expect(await turned.sub(straight).abs().max().item()).toBeGreaterThan(1e-7);
  });
});

it("captions are written without a new trace for any word", async () => {
  const captioner = new Captioner(models.get("released")!, { device, tokens: { first, last, padding, mask } });
  const { captions, finished, steps } = await captioner.generate(images, { numBeams: 2, maxLength: 7 });
  const { programs } = device.counters;
  const again = await captioner.generate(images, { numBeams: 2, maxLength: 7 });
  expect(device.counters.programs).toBe(programs);
  expect(again.captions).toEqual(captions);
  expect(captions).toHaveLength(2);
  expect(finished.every((sentences) => sentences.length > 0)).toBe(true);
  expect(steps).toBeLessThanOrEqual(6);
  await expect(captioner.generate(images, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
});

describe("loss", () => {
  const logits = () => device.tensor([[1, 2, 0, -1], [0.5, -1, 3, 0], [0, 0, 1, 2], [2, 2, 2, 2], [1, -2, 0.5, 0]]);
  const divergences = (targets: number[], smoothing: number, rows: number[][]) =>
    rows.flatMap((row, i) => {
      if (targets[i]! < 0) return [];
      const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
      return [row.reduce((sum, x, k) => {
        const q = k === targets[i] ? 1 - smoothing : smoothing / (row.length - 1);
        return q === 0 ? sum : sum + q * (Math.log(q) - (x - total));
      }, 0)];
    });

  it.each([0, 0.1, 0.3])("is the divergence from targets smoothed by %d over the other words", async (labelSmoothing) => {
    const targets = [1, 0, -1, 3, 2];
    const expected = divergences(targets, labelSmoothing, (await logits().toArray()) as number[][]);
    const { loss, accuracy } = captioningLoss(logits(), device.tensor(Int32Array.from(targets)), { labelSmoothing });
    expect(await loss.item()).toBeCloseTo(expected.reduce((a, b) => a + b) / 4, 6);
    expect(await accuracy.item()).toBeCloseTo(1 / 4, 6);
  });

  it("leaves out the share that does worst, in value and gradient", async () => {
    const targets = [1, 0, -1, 3, 2];
    const sorted = divergences(targets, 0.1, (await logits().toArray()) as number[][]).sort((a, b) => a - b);
    const of = (x: Tensor) => captioningLoss(x, device.tensor(Int32Array.from(targets)), { dropWorst: 0.25 }).loss;
    expect(await of(logits()).item()).toBeCloseTo((sorted[0]! + sorted[1]! + sorted[2]!) / 3, 6);
    const [, gradient] = valueAndGrad(of)(logits());
    const rows = ((await gradient.abs().sum({ axis: 1 }).toArray()) as number[]).map((sum) => sum > 0);
    expect(rows).toEqual([true, false, false, true, true]);
  });

  it("compiles, with places that are none", async () => {
    const model = models.get("paper")!;
    const step = compile((m: CaptioningModel, text: Tensor, positions: Tensor, targets: Tensor) => valueAndGrad((of: CaptioningModel) => of.loss({ images, text, positions, targets }, { dropWorst: 0.2 }).loss)(m), { name: "caption step" });
    const [loss] = step(model, ids([[first, mask, 7, last], [first, 4, mask, last]]), device.tensor(Int32Array.of(1, 6, 0)), device.tensor(Int32Array.of(5, 8, -1)));
    expect(await loss.item()).toBeGreaterThan(0);
  });
});
