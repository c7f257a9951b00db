import { CheckpointError, OptionError } from "@multiway/errors";
import { reference } from "@multiway/reference";
import { compile, grad, mapTree, openDevice, Tensor, type Device } from "@multiway/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initialise, LayerNorm, Linear, Module } from "./index.ts";

let device: Device;
beforeAll(async () => void (device = await openDevice(reference())));
afterAll(() => device.close());

class Codes extends Module {
  static readonly buffers = ["codebook"];
  codebook: Tensor;
  project = new Linear(2, 2);
  readonly count = 3;
  constructor() {
    super();
    this.codebook = device.tensor([[1, 2], [3, 4], [5, 6]]);
  }
  forward(x: Tensor): Tensor {
    return this.project.forward(x).matmul(this.codebook.transpose());
  }
}
class Net extends Module {
  layers = [new Linear(2, 2), new Linear(2, 2, { bias: false })];
  parts = { norm: new LayerNorm(2), missing: undefined };
  codes = new Codes();
  readonly name = "net";
  forward(x: Tensor): Tensor {
    return this.codes.forward(this.parts.norm.forward(this.layers.reduce((y, layer) => layer.forward(y), x)));
  }
}
const names = ["layers.0.weight", "layers.0.bias", "layers.1.weight", "parts.norm.weight", "parts.norm.bias", "codes.codebook", "codes.project.weight", "codes.project.bias"];
const make = () => initialise(new Net(), { device, key: 0 });
const x = () => device.tensor([[1, 2], [3, 4]]);
/** Names of the tensors that get a gradient. */
const learning = (net: Net) => {
  const gradients = grad((n: Net) => n.forward(x()).square().sum())(net);
  return (gradients as unknown as Module).tensors().filter(({ tensor }) => tensor instanceof Tensor).map(({ name }) => name);
};

describe("Module", () => {
  it("finds tensors in fields, arrays and records, in their order", async () => {
    const net = await make();
    expect(net.tensors().map(({ name }) => name)).toEqual(names);
    expect(net.tensors().filter(({ isBuffer }) => isBuffer).map(({ name }) => name)).toEqual(["codes.codebook"]);
    expect(net.parameters().map(({ name }) => name)).toEqual(names.filter((name) => name !== "codes.codebook"));
    expect(net.countParameters()).toBe(4 + 2 + 4 + 2 + 2 + 4 + 2);
    expect(Object.keys(net.stateDict())).toEqual(names);
  });
  it("is a tree: mapped, compiled, differentiated", async () => {
    const net = await make();
    const doubled = mapTree(net, (tensor) => tensor.mul(2));
    expect(doubled).toBeInstanceOf(Net);
    expect(doubled.codes.count).toBe(3);
    expect(await doubled.codes.codebook.toArray()).toEqual([[2, 4], [6, 8], [10, 12]]);
    const forward = compile((n: Net, input: Tensor) => n.forward(input));
    expect(await forward(net, x()).toArray()).toEqual(await net.forward(x()).toArray());
    expect(learning(net)).toEqual(names.filter((name) => name !== "codes.codebook"));
  });
});

describe("loadStateDict", () => {
  it("puts every tensor in its place", async () => {
    const [from, to] = [await make(), new Net()];
    const report = to.loadStateDict(from.stateDict());
    expect(report).toEqual({ loaded: names, missing: [], unexpected: [], mismatched: [] });
    expect(to.stateDict()).toEqual(from.stateDict());
  });
  it("names all that does not fit at once, and changes nothing", async () => {
    const net = await make();
    const before = net.stateDict();
    const state: Record<string, Tensor> = { ...before, "layers.0.weight": device.tensor([[1, 2, 3]]), "layers.0.bias": device.tensor(Int32Array.of(1, 2)), extra: device.tensor(1) };
    delete state["parts.norm.bias"];
    const attempt = () => net.loadStateDict(state);
    expect(attempt).toThrow(
      "loadStateDict: missing parts.norm.bias; unexpected extra; mismatched layers.0.weight (f32[1, 3] given, f32[2, 2] expected) and layers.0.bias (i32[2] given, f32[2] expected); " +
        "expected the 8 tensors of Net. Pass { strict: false } to load what fits.",
    );
    expect(attempt).toThrow(CheckpointError);
    expect(net.stateDict()).toEqual(before);
  });
  it("loads what fits on request, half floats too", async () => {
    const net = new Net();
    const half = device.tensor([1, 2]).cast("f16");
    const report = net.loadStateDict({ "layers.0.bias": half, "layers.1.weight": device.tensor([1]), other: half }, { strict: false });
    expect(net.layers[0]!.bias).toBe(half);
    expect(report).toEqual({
      loaded: ["layers.0.bias"],
      missing: names.filter((name) => name !== "layers.0.bias" && name !== "layers.1.weight"),
      unexpected: ["other"],
      mismatched: [{ name: "layers.1.weight", given: "f32[1]", expected: "f32[2, 2]" }],
    });
  });
});

describe("freeze", () => {
  const trainable = (net: Net) => net.parameters().filter(({ isFrozen }) => !isFrozen).map(({ name }) => name);
  const all = names.filter((name) => name !== "codes.codebook");
  it("makes modules constants to gradients, and unfreeze takes it back", async () => {
    const net = await make();
    expect(net.freeze("layers.0", "parts.norm")).toBe(net);
    const rest = ["layers.1.weight", "codes.project.weight", "codes.project.bias"];
    expect(trainable(net)).toEqual(rest);
    expect(learning(net)).toEqual(rest);
    expect(net.countParameters({ trainableOnly: true })).toBe(10);
    net.unfreeze();
    expect(trainable(net)).toEqual(all);
    expect(learning(net)).toEqual(all);
  });
  it("leaves open what is unfrozen within it, until it is frozen again", async () => {
    const net = await make();
    net.freeze().unfreeze("layers.1", "codes");
    const rest = ["layers.1.weight", "codes.project.weight", "codes.project.bias"];
    expect(trainable(net)).toEqual(rest);
    expect(learning(net)).toEqual(rest);
    net.freeze();
    expect(trainable(net)).toEqual([]);
    expect(learning(net)).toEqual([]);
  });
  it("changes nothing when a place is wrong", async () => {
    const net = await make();
    expect(() => net.freeze("layers.0", "layer.1")).toThrow('freeze: "layer.1" is no module of Net; expected a place such as layers.0, layers.1 and codes.');
    expect(() => net.unfreeze("codes.codebook")).toThrow('unfreeze: "codes.codebook" is no module of Net');
    expect(() => net.freeze("codes.codebook")).toThrow(OptionError);
    expect(trainable(net)).toEqual(all);
  });
});

describe("summary", () => {
  it("lists tensors with kind, shape and size", async () => {
    const net = await make();
    expect(net.freeze("layers.1").summary().split("\n").map((line) => line.replace(/ +/g, " "))).toEqual([
      "(all) Net 20",
      "layers.0.weight parameter f32[2, 2] 4",
      "layers.0.bias parameter f32[2] 2",
      "layers.1.weight frozen f32[2, 2] 4",
      "parts.norm.weight parameter f32[2] 2",
      "parts.norm.bias parameter f32[2] 2",
      "codes.codebook buffer f32[3, 2] 6",
      "codes.project.weight parameter f32[2, 2] 4",
      "codes.project.bias parameter f32[2] 2",
    ]);
  });
});
