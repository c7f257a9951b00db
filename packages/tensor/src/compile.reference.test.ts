import { key } from "@multiway/random";
import { reference } from "@multiway/reference";
import { withLimits } from "@multiway/testing/op-suite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compile, constant, Device, full, mapTree, openDevice, randomUniform, realize, valueAndGrad, type RandomKey, type Tensor } from "./index.ts";

let device: Device;
beforeEach(async () => {
  device = new Device(withLimits((await openDevice(reference())).backend, { fuses: true }));
});
afterEach(async () => await device.close());

const f32 = (...values: number[]) => device.tensor(values);
const read = async (x: Tensor) => [...(await x.data())];

/** A compiled function that counts how often it was traced. */
function counted<A extends readonly unknown[], R>(fn: (...args: A) => R, options: Parameters<typeof compile>[1] = {}) {
  const traces = { count: 0 };
  const compiled = compile((...args: A) => {
    traces.count++;
    return fn(...args);
  }, options);
  return { compiled, traces };
}

describe("signatures", () => {
  it("are shapes, dtypes and plain data; numbers and keys are inputs", async () => {
    const { compiled, traces } = counted((x: Tensor, options: { scale: Tensor; mode: string; flag: boolean }, random: RandomKey) => {
      const y = x.mul(options.scale).add(randomUniform(random, [1]).mul(0));
      return options.mode === "double" ? y.mul(2) : options.flag ? y.neg() : y;
    });
    const run = (x: Tensor, scale: number, mode: string, flag: boolean, seed: number) => compiled(x, { scale, mode, flag } as never, key(seed));
    expect(await read(run(f32(1, 2), 3, "single", false, 1))).toEqual([3, 6]);
    expect(await read(run(f32(5, 6), -0.5, "single", false, 2))).toEqual([-2.5, -3]);
    expect(traces.count).toBe(1);
    expect(await read(run(f32(1, 2), 3, "double", false, 1))).toEqual([6, 12]);
    expect(await read(run(f32(1, 2), 3, "single", true, 1))).toEqual([-3, -6]);
    expect(await read(run(f32(1, 2, 3), 3, "single", false, 1))).toEqual([3, 6, 9]);
    expect(await read(run(device.tensor(Int32Array.of(1, 2)), 3, "single", false, 1))).toEqual([3, 6]);
    expect(traces.count).toBe(5);
    run(f32(0, 0), 0, "single", false, 9);
    expect(traces.count).toBe(5);
  });

  it("draw with a key as plain code does, derived inside or outside", async () => {
    const compiled = compile((random: RandomKey, step: Tensor) => [randomUniform(random.fold(step), [3]), randomUniform(random.split(3)[2]!, [2])], { device });
    const [folded, third] = compiled(key(77), 12) as [Tensor, Tensor];
    expect(await read(folded)).toEqual([...key(77).fold(12).uniform(3)]);
    expect(await read(third)).toEqual([...key(77).split(3)[2]!.uniform(2)]);
  });

  it("keep a result that is a key usable", async () => {
    const next = compile((random: RandomKey) => ({ random: random.fold(1) }), { device });
    const { random } = next(key(4));
    expect(await read(randomUniform(random.fold(2), [2]))).toEqual([...key(4).fold(1).fold(2).uniform(2)]);
  });

  it("warn once when there are more than eight", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const grow = compile(function grow(x: Tensor) {
      return x.mul(2);
    });
    for (let length = 1; length <= 10; length++) grow(device.zeros([length]));
    expect(warn.mock.calls).toEqual([["grow has been traced for 9 signatures; argument 0: f32[9] was f32[8] before. Pad inputs to a few sizes, or pass numbers as arguments."]]);
    warn.mockRestore();
  });
});

describe("what a compiled function reads", () => {
  it("from around it is a constant, whose memory is kept", async () => {
    let captured = f32(10, 20);
    const compiled = compile((x: Tensor) => x.add(captured));
    expect(await read(compiled(f32(1, 2)))).toEqual([11, 22]);
    captured = f32(0, 0);
    expect(await read(compiled(f32(1, 2)))).toEqual([11, 22]);
  });

  it("may be pending: arguments are computed first, captured graphs become part of it", async () => {
    const pending = f32(1, 2).mul(3);
    const around = f32(5, 5).add(1);
    const compiled = compile((x: Tensor) => x.add(around));
    expect(await read(compiled(pending))).toEqual([9, 12]);
    expect(await read(compiled(pending))).toEqual([9, 12]);
  });

  it("may be constants without a device", async () => {
    const compiled = compile((x: Tensor, y: Tensor) => x.add(y));
    expect(await read(compiled(f32(1, 2), constant([10, 20])))).toEqual([11, 22]);
    expect(await read(compiled(f32(1, 2), constant([30, 40])))).toEqual([31, 42]);
    expect(await read(compiled(f32(1, 2), full([2], 7)))).toEqual([8, 9]);
  });

  it("lives on one device", async () => {
    const other = await openDevice(reference());
    const compiled = compile(function both(x: Tensor, m: { w: Tensor }) {
      return x.add(m.w);
    });
    expect(() => compiled(f32(1), { w: other.tensor([1]) })).toThrow("both: argument 1: w lives on reference, others on reference; expected one device.");
    expect(() => compile(() => constant(1))()).toThrow("compiled function: no argument holds a tensor on a device; expected at least one, made with device.tensor(), or { device } among compile's options.");
    expect(() => compile((x: Tensor) => x.add(other.tensor([1])))(f32(1))).toThrow("add: inputs live on reference and on reference; expected one device.");
    await other.close();
  });

  it("has no elements while it is traced", async () => {
    let inside: Tensor | undefined;
    compile((x: Tensor) => (inside = x.mul(2)))(f32(1));
    await expect(inside!.data()).rejects.toThrow("realize: inside a compiled function tensors have no elements yet; return what you want to read, and read it outside.");
  });
});

describe("results", () => {
  it("keep their tree, with plain data as it was", async () => {
    class Pair {
      left: Tensor;
      label = "pair";
      constructor(left: Tensor) {
        this.left = left;
      }
    }
    const compiled = compile((x: Tensor) => ({ pair: new Pair(x.mul(2)), list: [x.sum(), "text", 4], nothing: undefined }));
    const result = compiled(f32(1, 2));
    expect(result.pair).toBeInstanceOf(Pair);
    expect(result.pair.label).toBe("pair");
    expect(result.list.slice(1)).toEqual(["text", 4]);
    expect(await read(result.pair.left)).toEqual([2, 4]);
    expect(await (result.list[0] as Tensor).item()).toBe(3);
  });

  it("may be arguments, views of arguments, one tensor twice, constants, captured tensors, numbers", async () => {
    const captured = f32(8, 9);
    const compiled = compile((x: Tensor, rate: Tensor) => ({ x, turned: x.transpose(), row: x.at(1), again: x, constant: constant([1, 2]), captured, rate, sums: [x.sum(), x.sum()] }));
    const x = device.tensor([[1, 2], [3, 4]]);
    for (let round = 0; round < 2; round++) {
      const result = compiled(x, 0.25 + round);
      expect(await result.x.toArray()).toEqual([[1, 2], [3, 4]]);
      expect(await result.turned.toArray()).toEqual([[1, 3], [2, 4]]);
      expect(await result.row.toArray()).toEqual([3, 4]);
      expect(await result.again.toArray()).toEqual([[1, 2], [3, 4]]);
      expect(await result.constant.toArray()).toEqual([1, 2]);
      expect(await result.captured.toArray()).toEqual([8, 9]);
      expect(await result.rate.item()).toBe(0.25 + round);
      expect(await result.sums[1]!.item()).toBe(10);
    }
    expect(await x.toArray()).toEqual([[1, 2], [3, 4]]);
  });

  it("may be half floats, and views of them", async () => {
    const compiled = compile((x: Tensor, half: Tensor) => ({ packed: x.cast("f16"), same: half, turned: half.reshape([2, 2]).transpose(), packedRow: x.cast("f16").slice([[1, 3]]) }));
    const result = compiled(f32(1, 2049, 3, 4), device.tensor([1, 2, 3, 4], { dtype: "f16" }));
    expect(await read(result.packed)).toEqual([1, 2048, 3, 4]);
    expect(await read(result.same)).toEqual([1, 2, 3, 4]);
    expect(await result.turned.toArray()).toEqual([[1, 3], [2, 4]]);
    expect(await read(result.packedRow)).toEqual([2048, 3]);
    expect(Object.values(result).map((y) => y.dtype)).toEqual(["f16", "f16", "f16", "f16"]);
  });

  it("may be empty", async () => {
    const compiled = compile((x: Tensor) => [x.mul(2), x.sum(), x.matmul(x.transpose()), x.transpose()]);
    const result = compiled(device.zeros([0, 3]));
    expect(result.map((y) => y.shape)).toEqual([[0, 3], [], [0, 0], [3, 0]]);
    expect(await result[1]!.item()).toBe(0);
    expect((await result[0]!.data()).length).toBe(0);
  });
});

describe("donation", () => {
  it("updates in place, and names the place of what was given away", async () => {
    const step = compile(
      function step(model: { layers: { weight: Tensor }[] }, x: Tensor) {
        return { model: mapTree(model, (w) => w.sub(x)) };
      },
      { donate: [0] },
    );
    const first = { layers: [{ weight: f32(1, 2) }] };
    const before = device.counters.liveBuffers;
    const { model } = step(first, f32(1, 1));
    expect(device.counters.liveBuffers).toBe(before + 1); // x
    expect(await read(model.layers[0]!.weight)).toEqual([0, 1]);
    const message = "step: argument 0: layers.0.weight was donated to an earlier call; expected the tensor that the call returned in its place.";
    await expect(first.layers[0]!.weight.data()).rejects.toThrow(message);
    expect(() => step(first, f32(1, 1))).toThrow(message);
    await expect(first.layers[0]!.weight.add(1).data()).rejects.toThrow(message);
    expect(await read(step(model, f32(1, 1)).model.layers[0]!.weight)).toEqual([-1, 0]);
  });

  it("hands a donated argument through", async () => {
    const step = compile((state: { fixed: Tensor; moving: Tensor }) => ({ fixed: state.fixed, moving: state.moving.add(1) }), { donate: [0] });
    let state = { fixed: f32(5), moving: f32(0) };
    for (let round = 0; round < 3; round++) state = step(state);
    expect([await read(state.fixed), await read(state.moving)]).toEqual([[5], [3]]);
  });

  it("keeps old elements that another result still needs", async () => {
    const step = compile((state: { current: Tensor; previous: Tensor }) => ({ current: state.current.mul(2), previous: state.current }), { donate: [0] });
    let state = { current: f32(1, 3), previous: f32(0, 0) };
    state = step(state);
    state = step(state);
    expect([await read(state.current), await read(state.previous)]).toEqual([[4, 12], [2, 6]]);
    const swap = compile((s: { a: Tensor; b: Tensor }) => ({ a: s.b, b: s.a }), { donate: [0] });
    const swapped = swap(swap(swap({ a: f32(1), b: f32(2) })));
    expect([await read(swapped.a), await read(swapped.b)]).toEqual([[2], [1]]);
  });

  it("never overwrites what is read at another index, or later", async () => {
    const steps: ((x: Tensor) => Tensor)[] = [
      (x) => x.flip(0).add(x),
      (x) => x.add(x.flip(0)).add(x.sum()),
      (x) => x.cumulativeSum(0),
      (x) => x.reshape([2, 2]).transpose().add(0).reshape([4]),
      (x) => x.reshape([2, 2]).matmul(x.reshape([2, 2])).reshape([4]),
      (x) => x.softmax(0),
      (x) => x.sort({ descending: true }).values,
      (x) => x.slice([[1, null]]).pad([[0, 1]]),
    ];
    for (const fn of steps) {
      const expected = await read(fn(f32(1, 2, 3, 4)));
      expect(await read(compile(fn, { donate: [0] })(f32(1, 2, 3, 4)))).toEqual(expected);
      const both = compile((s: { x: Tensor }) => ({ x: fn(s.x), old: s.x.sum(), older: s.x.flip(0) }), { donate: [0] })({ x: f32(1, 2, 3, 4) });
      expect([await read(both.x), await both.old.item(), await read(both.older)]).toEqual([expected, 10, [4, 3, 2, 1]]);
    }
  });

  it("frees what no result takes over", () => {
    const sum = compile((x: Tensor) => x.sum(), { donate: [0] });
    const x = device.zeros([100]);
    const before = device.counters.liveBytes;
    sum(x);
    expect(device.counters.liveBytes).toBe(before - 400 + 4);
    expect(() => sum(x)).toThrow("was donated to an earlier call");
  });

  it("refuses one tensor in two places, and one that is captured too", () => {
    const x = f32(1);
    const step = compile(function step(a: Tensor, b: { c: Tensor }) {
      return a.add(b.c);
    }, { donate: [0] });
    expect(() => step(x, { c: x })).toThrow("step: arguments 0 and 1: c are one tensor of shape [1], and it is donated; expected a tensor of its own for each.");
    const own = compile(function own(a: Tensor) {
      return a.add(x);
    }, { donate: [0] });
    expect(() => own(x)).toThrow("own: argument 0 is donated, and the function also reads it from around it; expected its use as an argument alone.");
    expect(x.device).toBe(device);
  });

  it("works for half floats and for results computed by kernels", async () => {
    const step = compile((s: { h: Tensor; m: Tensor }) => ({ h: s.h.mul(2).cast("f16"), m: s.m.matmul(s.m) }), { donate: [0] });
    let state = { h: device.tensor([1, 2], { dtype: "f16" }), m: device.tensor([[1, 1], [0, 1]]) };
    state = step(step(state));
    expect([await read(state.h), await state.m.toArray()]).toEqual([[4, 8], [[1, 4], [0, 1]]]);
  });

  it("says where a disposed tensor was meant to be used", async () => {
    const x = f32(1, 2);
    x.dispose();
    await expect(x.data()).rejects.toThrow("A tensor of shape [2] was used after dispose(). Keep it until its last use.");
  });
});

describe("replay", () => {
  it("creates nothing from the second call on, over 500 steps of training", async () => {
    const loss = (model: { w: Tensor; b: Tensor }, x: Tensor, y: Tensor) => x.matmul(model.w).add(model.b).gelu().sub(y).square().mean();
    const step = compile(
      (model: { w: Tensor; b: Tensor }, momentum: { w: Tensor; b: Tensor }, x: Tensor, y: Tensor, learningRate: Tensor) => {
        const [value, gradients] = valueAndGrad((m: typeof model) => loss(m, x, y))(model);
        const moved = { w: momentum.w.mul(0.9).add(gradients.w), b: momentum.b.mul(0.9).add(gradients.b) };
        return { value, model: { w: model.w.sub(moved.w.mul(learningRate)), b: model.b.sub(moved.b.mul(learningRate)) }, momentum: moved };
      },
      { donate: [0, 1] },
    );
    const random = key(1);
    let model = { w: device.tensor(random.normal(12), { shape: [4, 3] }), b: device.zeros([3]) };
    let momentum = { w: device.zeros([4, 3]), b: device.zeros([3]) };
    const x = device.tensor(random.fold(1).normal(32), { shape: [8, 4] });
    const y = device.tensor(random.fold(2).uniform(24), { shape: [8, 3] });
    const losses: number[] = [];
    let after: Device["counters"] | undefined;
    for (let i = 0; i < 500; i++) {
      let value: Tensor;
      ({ value, model, momentum } = step(model, momentum, x, y, 0.1 / (1 + i / 100)));
      losses.push(await value.item());
      value.dispose();
      if (i === 1) after = device.counters && { ...device.counters };
    }
    const { nodes, pipelines, allocations, programs, liveBytes, liveBuffers } = device.counters;
    expect({ nodes, pipelines, allocations, programs, liveBytes, liveBuffers }).toEqual({
      nodes: after!.nodes,
      pipelines: after!.pipelines,
      allocations: after!.allocations,
      programs: after!.programs,
      liveBytes: after!.liveBytes,
      liveBuffers: after!.liveBuffers,
    });
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
  });

  it("shares programs between uncompiled graphs that differ in numbers alone", async () => {
    const x = f32(1, 2, 3);
    await realize(x.mul(2).add(5));
    const { programs } = device.counters;
    for (let i = 0; i < 10; i++) expect(await read(x.mul(i).add(-i))).toEqual([0, i, 2 * i]);
    expect(device.counters.programs).toBe(programs);
    await realize(x.mul(2).sub(5));
    expect(device.counters.programs).toBe(programs + 1);
  });
});
