import { Key, key } from "@multiway/random";
import { describe, expect, it } from "vitest";
import { constant, zeros } from "./create.ts";
import { randomBits, TensorKey } from "./key.ts";
import type { Tensor } from "./tensor.ts";
import { scalar } from "./tensor.ts";
import { atPath, flatten, mapTree, tensorsOf } from "./tree.ts";

class Inner {
  weight: Tensor;
  width = 3;
  constructor() {
    this.weight = zeros([3]);
  }
  get double(): Tensor {
    return this.weight.mul(2);
  }
}
class Outer {
  layers = [new Inner(), new Inner()];
  byName: Record<string, Inner> = { last: new Inner() };
  bias: Tensor | undefined = zeros([1]);
  missing: Tensor | undefined = undefined;
}

describe("trees", () => {
  it("are walked in the order of their fields, with places", () => {
    expect(tensorsOf(new Outer()).map(({ path }) => path)).toEqual(["layers.0.weight", "layers.1.weight", "byName.last.weight", "bias"]);
    expect(tensorsOf(zeros([2]))[0]!.path).toBe("");
    expect(tensorsOf([null, undefined, "text", 3, true])).toEqual([]);
  });

  it("are rebuilt with their classes, and leave the original alone", () => {
    const model = new Outer();
    const before = model.layers[0]!.weight;
    const copy = mapTree(model, (weight) => weight.reshape([...weight.shape, 1]));
    expect(copy).toBeInstanceOf(Outer);
    expect(copy.layers[0]).toBeInstanceOf(Inner);
    expect(copy.layers[0]!.width).toBe(3);
    expect(copy.layers[0]!.double.shape).toEqual([3, 1]);
    expect(copy.missing).toBeUndefined();
    expect("missing" in copy).toBe(true);
    expect(model.layers[0]!.weight).toBe(before);
  });

  it("take numbers as leaves in arrays and records, not in instances", () => {
    const { leaves, paths } = flatten([1, { rate: 0.5, layer: new Inner() }, [2, [3]]], { numbers: true });
    expect(paths).toEqual(["0", "1.rate", "1.layer.weight", "2.0", "2.1.0"]);
    expect(leaves.filter((leaf) => typeof leaf === "number")).toEqual([1, 0.5, 2, 3]);
    expect(flatten([1, 2]).leaves).toEqual([]);
  });

  it("have equal texts exactly when their structures are equal", () => {
    const text = (tree: unknown) => flatten(tree, { numbers: true }).text;
    expect(text({ a: 1, b: "x" })).toBe(text({ a: 2, b: "x" }));
    expect(text({ a: 1, b: "x" })).not.toBe(text({ a: 1, b: "y" }));
    expect(text({ a: 1 })).not.toBe(text({ b: 1 }));
    expect(text([[1], 2])).not.toBe(text([[1, 2]]));
    expect(text([true])).not.toBe(text(["true"]));
    expect(text([null])).not.toBe(text([undefined]));
    expect(text([1n])).not.toBe(text(["n1"]));
    expect(text(new Inner())).toBe(text(new Inner()));
    expect(text(new Inner())).not.toBe(text({ ...new Inner() }));
    const wide = new Inner();
    wide.width = 4;
    expect(text(wide)).not.toBe(text(new Inner()));
    const f = () => 1;
    expect(text([f])).toBe(text([f]));
    expect(text([f])).not.toBe(text([() => 1]));
    expect(text({ "a }": 1 })).not.toBe(text([{ a: 1 }]));
  });

  it("keep names with spaces and braces apart", () => {
    const text = (tree: unknown) => flatten(tree, { numbers: true }).text;
    expect(text({ "a N b": 1 })).not.toBe(text({ a: 1, b: 1 }));
  });

  it("take keys as leaves, and keys of compiled functions as trees that still work", () => {
    expect(flatten([key(1)]).leaves[0]).toBeInstanceOf(Key);
    const inside = new TensorKey([scalar(1, "u32"), scalar(2, "u32")]);
    const copy = mapTree({ inside }, (word) => word);
    expect(copy.inside).toBeInstanceOf(TensorKey);
    expect(randomBits(copy.inside.fold(3).split()[1]!, [2]).shape).toEqual([2]);
  });

  it("hand on what is opaque, as it is", () => {
    const date = new Date(0);
    const map = new Map([["x", zeros([1])]]);
    const { leaves, rebuild } = flatten({ date, map });
    expect(leaves).toEqual([]);
    expect(rebuild([])).toEqual({ date, map });
  });

  it("may hold one object in two places", () => {
    const shared = new Inner();
    expect(tensorsOf({ a: shared, b: shared }).map(({ path }) => path)).toEqual(["a.weight", "b.weight"]);
  });

  it("refuse circles and typed arrays, and say where", () => {
    const circle: Record<string, unknown> = { inner: {} };
    (circle["inner"] as Record<string, unknown>)["back"] = circle;
    expect(() => flatten(circle, { name: "step" })).toThrow("step: inner.back leads back to an object that contains it; expected a tree without cycles.");
    expect(() => flatten([{ x: new Float32Array(2) }], { name: "step" })).toThrow("step: 0.x is a Float32Array; expected a Tensor. Make one with device.tensor().");
  });

  it("cannot rebuild private fields", () => {
    class Hidden {
      #scale = 2;
      weight = zeros([2]);
      forward() {
        return this.weight.mul(this.#scale);
      }
    }
    expect(() => mapTree(new Hidden(), (weight) => weight).forward()).toThrow(TypeError);
  });

  it("are read at a path", () => {
    const model = new Outer();
    expect(atPath(model, "layers.1.weight")).toBe(model.layers[1]!.weight);
    expect(atPath(model, "layers.7.weight")).toBeUndefined();
    expect(atPath(model, "bias.shape.0.nothing")).toBeUndefined();
    const one = constant(1);
    expect(atPath(one, "")).toBe(one);
  });
});
