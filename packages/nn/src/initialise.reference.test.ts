import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { openDevice, type Device, type Initialiser } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fanInInitialiser, initialise, LayerNorm, Linear, Module, normalInitialiser, oneInitialiser, PatchEmbedding, scaledInitialiser, truncatedNormalInitialiser, uniformInitialiser, zeroInitialiser } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

class Net extends Module {
  first = new Linear(3, 4);
  norm = new LayerNorm(4);
  second = new Linear(4, 2);
}
class Wider extends Module {
  extra = new Linear(5, 5);
  first = new Linear(3, 4);
}
const weights = async (module: Module, name: string) => Array.from(await module.stateDict()[name]!.data());

describe("initialise", () => {
  it("gives the same numbers for the same key, others for another", async () => {
    const [a, b, c, d] = [await initialise(new Net(), { device, key: 7 }), await initialise(new Net(), { device, key: key(7) }), await initialise(new Net(), { device, key: 8 }), await initialise(new Net(), { device })];
    for (const name of Object.keys(a.stateDict())) expect(await weights(a, name)).toEqual(await weights(b, name));
    expect(await weights(a, "first.weight")).not.toEqual(await weights(c, "first.weight"));
    expect(await weights(d, "first.weight")).toEqual(await weights(await initialise(new Net(), { device, key: 0 }), "first.weight"));
  });
  it("draws by name, so that a new layer leaves the others as they were", async () => {
    const [net, wider] = [await initialise(new Net(), { device, key: 7 }), await initialise(new Wider(), { device, key: 7 })];
    expect(await weights(wider, "first.weight")).toEqual(await weights(net, "first.weight"));
    expect(await weights(net, "first.weight")).not.toEqual((await weights(net, "second.weight")).concat(await weights(net, "second.bias")));
  });
  it("keeps what is there already", async () => {
    const net = new Net();
    const bias = device.tensor([5, 6]);
    net.loadStateDict({ "second.bias": bias }, { strict: false });
    expect((await initialise(net, { device })).second.bias).toBe(bias);
  });
  it("says what to do with a parameter that has no elements yet", async () => {
    await expect(new Linear(2, 2).weight.data()).rejects.toThrow(/initialise|device/);
  });
});

describe("initialisers", () => {
  const draw = (initialiser: Initialiser, shape = [20_000]) => Array.from(initialiser(key(3), shape));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = (values: number[]) => Math.sqrt(mean(values.map((value) => value * value)) - mean(values) ** 2);
  it.each([
    ["two deviations", 0.02, undefined, 0.04, 0.0176],
    // What BEiT-3's fine-tuning code does; measured there as 0.0108.
    ["one deviation", 0.02, 0.02, 0.02, 0.0108],
    ["a tenth", 1, 0.1, 0.1, 0.0577],
  ])("a truncated normal, cut at %s, stays within and keeps its spread", (_, sigma, cut, bound, spread) => {
    const values = draw(truncatedNormalInitialiser(sigma, cut));
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(Math.max(...values)).toBeGreaterThan(0.95 * bound);
    expect(Math.abs(mean(values))).toBeLessThan(0.03 * bound);
    expect(deviation(values) / spread).toBeCloseTo(1, 1);
    expect(draw(truncatedNormalInitialiser(sigma, cut))).toEqual(values);
  });
  it("a truncated normal refuses a cut that nothing passes", () => {
    expect(() => truncatedNormalInitialiser(1, 0)).toThrow("truncatedNormalInitialiser: deviation 1, cut 0; expected");
    expect(draw(truncatedNormalInitialiser(0, 1), [3])).toEqual([0, 0, 0]);
  });
  it("have the spread that they are named for", () => {
    expect(deviation(draw(normalInitialiser(0.5)))).toBeCloseTo(0.5, 2);
    const uniform = draw(uniformInitialiser(0.3));
    expect(Math.max(...uniform.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.3));
    expect(deviation(uniform)).toBeCloseTo(0.3 / Math.sqrt(3), 2);
    expect(Math.max(...draw(fanInInitialiser(16)))).toBeCloseTo(0.25, 2);
    expect(draw(fanInInitialiser(0), [2])).toEqual([0, 0]);
    expect(draw(scaledInitialiser(oneInitialiser, 3), [2])).toEqual([3, 3]);
    expect(draw(zeroInitialiser, [0, 5])).toEqual([]);
    expect(draw(oneInitialiser, [])).toEqual([1]);
  });
  it("follow PyTorch's defaults in layers", async () => {
    const linear = await initialise(new Linear(100, 50), { device });
    for (const name of ["weight", "bias"]) expect(Math.max(...(await weights(linear, name)).map(Math.abs))).toBeLessThanOrEqual(0.1);
    const patches = await initialise(new PatchEmbedding(4, 8), { device });
    expect(Math.max(...(await weights(patches, "weight")).map(Math.abs))).toBeCloseTo(1 / Math.sqrt(48), 2);
    const norm = await initialise(new LayerNorm(3), { device });
    expect([await weights(norm, "weight"), await weights(norm, "bias")]).toEqual([[1, 1, 1], [0, 0, 0]]);
  });
});
