import { reference } from "@multiway/reference";
import { openDevice, type Device, type Tensor } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AdamW, clipByGlobalNorm, globalNorm, layerDecay, namedParameters, noDecayForVectors, updateAverage } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

/** As a module declares them. */
class Model {
  static readonly buffers = ["codes"];
  weight = device.tensor([[3, 4]]);
  codes = device.tensor([1]);
  ids = device.tensor(Int32Array.of(1));
  body = new Body();
}
class Body {
  frozen = true;
  weight = device.tensor([1]);
}

describe("clipByGlobalNorm", () => {
  const gradients = () => ({ a: device.tensor([3]), b: [device.tensor([[0, 4]]), undefined], c: undefined });
  it("scales all gradients to the largest norm allowed", async () => {
    const { gradients: clipped, norm } = clipByGlobalNorm(gradients(), 0.5);
    expect(await norm.item()).toBe(5);
    // As PyTorch: maxNorm / (norm + 1e-6).
    expect(await (clipped.b[0] as Tensor).toArray()).toEqual([[0, expect.closeTo((4 * 0.5) / 5.000001, 9)]]);
    expect(await globalNorm(clipped).item()).toBeCloseTo(0.5, 6);
    expect(clipped.c).toBeUndefined();
  });
  it("leaves smaller ones as they are", async () => {
    const { gradients: clipped, norm } = clipByGlobalNorm(gradients(), 10);
    expect([await norm.item(), await clipped.a.toArray()]).toEqual([5, [3]]);
  });
  it("stays finite for gradients of zeros, and for none", async () => {
    expect(await clipByGlobalNorm([device.zeros([2])], 1).gradients[0]!.toArray()).toEqual([0, 0]);
    expect(await globalNorm([undefined]).add(device.tensor(1)).item()).toBe(1);
    expect(() => clipByGlobalNorm([], 0)).toThrow("clipByGlobalNorm: maxNorm is 0; expected a number above 0.");
  });
});

describe("parameters", () => {
  it("are the floats that learn", () => {
    expect(namedParameters(new Model()).map(({ name }) => name)).toEqual(["weight"]);
  });
  it("that are frozen or buffers are left alone by AdamW", async () => {
    const adamw = new AdamW();
    const model = new Model();
    const state = adamw.init(model, device);
    expect(Object.keys(state.firstMoment)).toEqual(["weight"]);
    const updated = adamw.update(model, model, state, { learningRate: 1 }).model;
    expect([updated.codes, updated.ids, updated.body.weight]).toEqual([model.codes, model.ids, model.body.weight]);
    expect(await updated.weight.toArray()).not.toEqual([[3, 4]]);
  });
  it("that the state does not know are named", () => {
    const adamw = new AdamW();
    const one = { old: device.tensor([1]) };
    const two = { ...one, fresh: device.tensor([2]) };
    expect(() => adamw.update(two, two, adamw.init(one, device), { learningRate: 1 })).toThrow('AdamW.update: the state knows no parameter "fresh"; expected a state made by init() for this model. Was a module unfrozen or added since?');
  });
  it("decay unless they are vectors", () => {
    expect([noDecayForVectors("x", device.zeros([2])), noDecayForVectors("x", device.zeros([2, 2]))]).toEqual([{ weightDecay: 0 }, {}]);
  });
  it("learn less the deeper they lie", () => {
    const groupOf = layerDecay({ decay: 0.5, numLayers: 2, layerOf: (name) => ({ embed: 0, "layers.0": 1, "layers.1": 2, head: 3 })[name]! });
    expect(["embed", "layers.0", "layers.1", "head"].map((name) => groupOf(name).learningRateScale)).toEqual([0.125, 0.25, 0.5, 1]);
  });
});

describe("AdamW's options", () => {
  it("are checked", () => {
    expect(() => new AdamW({ betas: [0.9, 1] })).toThrow("AdamW: betas are [0.9, 1]; expected each 0 up to, not including, 1.");
    expect(() => new AdamW({ epsilon: 0 })).toThrow("AdamW: epsilon is 0; expected a number above 0.");
  });
});

describe("updateAverage", () => {
  it("moves floats and copies integers", async () => {
    const average = { w: device.tensor([1, 2]), n: device.tensor(Int32Array.of(1)), gone: device.tensor([5]) };
    const next = updateAverage(average, { w: device.tensor([3, 2]), n: device.tensor(Int32Array.of(7)) } as typeof average, { decay: 0.75 });
    expect([await next.w.toArray(), await next.n.toArray(), await next.gone.toArray()]).toEqual([[1.5, 2], [7], [5]]);
  });
});
