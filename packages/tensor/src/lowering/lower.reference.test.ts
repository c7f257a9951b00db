import { openRecorder, type Recorder } from "@multiway/testing/op-suite";
import { afterEach, describe, expect, it } from "vitest";
import { compile, concat, full, grad, realize, valueAndGrad, type Tensor } from "../index.ts";

let recorder: Recorder;
const open = async (limits: Parameters<typeof openRecorder>[0] = {}) => (recorder = await openRecorder(limits)).device;
afterEach(async () => await recorder.device.close());

const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1));

describe("fusion", () => {
  it("puts a chain into one kernel: bias and GELU", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    const bias = device.tensor(ramp(6));
    await realize(x.add(bias).gelu());
    expect(recorder.labels()).toEqual(["gelu [4, 6] f32"]);
  });

  it("reads views without copying them: transposed, sliced, flipped, expanded", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    const y = x.transpose().slice([[1, 5], [null, null, -1]]).add(x.at(0).slice([[0, 4]]).unsqueeze(1).expand([4, 4])).mul(x.flip(1).slice([[0, 4], [0, 4]]));
    await realize(y);
    expect(recorder.labels()).toHaveLength(1);
  });

  it("updates a parameter of AdamW in one kernel, moments included", async () => {
    const device = await open();
    const step = compile(
      (w: Tensor, m: Tensor, v: Tensor, g: Tensor, learningRate: Tensor, correction1: Tensor, correction2: Tensor) => {
        const first = m.mul(0.9).add(g.mul(0.1));
        const second = v.mul(0.999).add(g.mul(g).mul(0.001));
        const update = first.div(correction1).div(second.div(correction2).sqrt().add(1e-8));
        return { w: w.mul(learningRate.mul(-0.05).add(1)).sub(update.mul(learningRate)), first, second };
      },
      { donate: [0, 1, 2] },
    );
    const fresh = () => device.tensor(ramp(10));
    step(fresh(), fresh(), fresh(), fresh(), 0.1, 0.1, 0.001);
    expect(recorder.labels()).toHaveLength(1);
    // Written over its inputs: the kernel binds three of them both ways, the gradient, and the numbers.
    expect(recorder.loops()[0]!.buffers.map(({ access }) => access).sort()).toEqual(["read", "read", "readwrite", "readwrite", "readwrite"]);
  });

  /** A clipped update with decay, which touches eight buffers when three are written in place. */
  const clippedUpdate = (w: Tensor, m: Tensor, v: Tensor, g: Tensor, factor: Tensor, corrections: Tensor[], learningRate: Tensor) => {
    const gradient = g.mul(factor);
    const [first, second] = [m.mul(0.9).add(gradient.mul(0.1)), v.mul(0.999).add(gradient.square().mul(0.001))];
    const update = first.div(corrections[0]!).div(second.div(corrections[1]!).sqrt().add(1e-8));
    return { w: w.mul(learningRate.mul(-0.05).add(1)).sub(update.mul(learningRate)), first, second };
  };

  it("counts an argument and the result over it once, where buffers are few", async () => {
    const device = await open({ maxBuffersPerKernel: 8 });
    const fresh = () => device.tensor(ramp(10));
    const one = () => device.tensor(0.5);
    compile(clippedUpdate, { donate: [0, 1, 2] })(fresh(), fresh(), fresh(), fresh(), one(), [one(), one()], 0.1);
    expect(recorder.labels()).toHaveLength(1);
    expect(recorder.loops()[0]!.buffers).toHaveLength(8);
  });

  it("splits the kernel when the result cannot be written over its argument after all", async () => {
    const device = await open({ maxBuffersPerKernel: 8 });
    const fresh = () => device.tensor(ramp(10).map(Math.abs));
    const one = () => device.tensor(0.5);
    const args = () => [fresh(), fresh(), fresh(), fresh(), one(), [one(), one()], 0.1] as const;
    const keeping = compile((...[w, ...rest]: Parameters<typeof clippedUpdate>) => ({ ...clippedUpdate(w, ...rest), old: w.neg(), older: w }), { donate: [0, 1, 2] });
    const result = keeping(...(args() as never as Parameters<typeof keeping>));
    for (const { buffers } of recorder.loops()) expect(buffers.length).toBeLessThanOrEqual(8);
    const expected = clippedUpdate(...(args().map((value) => (typeof value === "number" ? one().mul(0.2) : value)) as never as Parameters<typeof clippedUpdate>));
    expect(await result.w.data()).toEqual(await expected.w.data());
    expect(await result.older.data()).toEqual(await fresh().data());
  });

  it("joins equal ops, and reductions over the same axes", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    await realize([x.exp().sum({ axis: 0 }), x.exp().sum({ axis: 0 }), x.exp().max({ axis: 0 }), x.exp().mul(x).sum({ axis: 0 })]);
    // One exponential for all; the two equal sums are one, of which the second result is a copy.
    const reductions = recorder.loops().filter(({ reduction }) => reduction);
    expect(reductions.map(({ reduction }) => reduction!.results.map(({ combine }) => combine))).toEqual([["sum", "maximum", "sum"]]);
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["exp", "sum+max+sum", "copy"]);
  });

  it("joins the gradients of a layer norm's gain and offset", async () => {
    const device = await open();
    const model = { gain: device.tensor(ramp(6)), offset: device.tensor(ramp(6)) };
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    const weights = device.tensor(ramp(24), { shape: [4, 6] });
    await realize(grad((m: typeof model) => x.layerNorm(m.gain, m.offset).mul(weights).sum())(model));
    const reductions = recorder.loops().filter(({ reduction }) => reduction);
    expect(reductions).toHaveLength(1);
    expect(reductions[0]!.stores).toHaveLength(2);
  });

  it("computes what is shared and dear once, what is cheap again", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    const dear = x.gelu().sin();
    await realize([dear.sum({ axis: 0 }), dear.sum({ axis: 1 })]);
    expect(recorder.labels().filter((label) => label.startsWith("sin"))).toHaveLength(1);
    expect(recorder.labels()).toHaveLength(3);
    const cheap = x.add(1);
    await realize([cheap.sum({ axis: 0 }), cheap.sum({ axis: 1 })]);
    expect(recorder.labels()).toHaveLength(2);
  });

  it("copies for a reshape only where strides cannot express it", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [2, 3, 4] });
    await realize(x.permute([1, 0, 2]).reshape([3, 2, 2, 2]).mul(2));
    expect(recorder.labels()).toHaveLength(1);
    const y = x.mul(2).permute([2, 1, 0]).reshape([12, 2]).add(1);
    expect(await y.sum().item()).toBeCloseTo(ramp(24).reduce((sum, value) => sum + 2 * value + 1, 0), 10);
    const z = x.permute([2, 0, 1]).reshape([24]).mul(2);
    await realize(z);
    const expected = Array.from({ length: 24 }, (_, flat) => 2 * ramp(24)[(Math.floor(flat / 3) % 2) * 12 + (flat % 3) * 4 + Math.floor(flat / 6)]!);
    expect([...(await z.data())]).toEqual(expected);
    expect(recorder.labels()).toHaveLength(2);
  });

  it("keeps concat and pad inside chains", async () => {
    const device = await open();
    const [a, b] = [device.tensor(ramp(6), { shape: [2, 3] }), device.tensor(ramp(4), { shape: [2, 2] })];
    const y = concat([a.mul(2), b.exp()], 1).pad([[1, 0], [0, 1]]).add(1).sum({ axis: 1 });
    await realize(y);
    expect(recorder.labels()).toHaveLength(1);
    const row = (i: number) => [0, 1, 2].reduce((sum, j) => sum + 2 * ramp(6)[i * 3 + j]!, 0) + [0, 1].reduce((sum, j) => sum + Math.exp(ramp(4)[i * 2 + j]!), 0) + 6;
    const actual = await y.data();
    [6, row(0), row(1)].forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 10));
  });

  it("gives a kernel op its input as it lies, and copies what has no contiguous rows", async () => {
    const device = await open();
    const x = device.tensor(ramp(12), { shape: [3, 4] });
    await realize(x.transpose().matmul(x));
    expect(recorder.labels()).toEqual(["matmul [4, 4] f32"]);
    await realize(x.transpose().cumulativeSum());
    expect(recorder.labels()).toHaveLength(2);
    await realize(x.slice([[1, 3]]).cumulativeSum());
    expect(recorder.labels()).toHaveLength(1);
  });

  it("cuts chains that are too long for one kernel", async () => {
    const device = await open();
    let x = device.tensor([1]);
    for (let i = 0; i < 9000; i++) x = x.neg();
    expect(await x.item()).toBe(1);
    expect(Math.max(...recorder.loops().map(({ body }) => body.length))).toBeLessThanOrEqual(2000);
    let doubled = device.tensor([1]);
    for (let i = 0; i < 40; i++) doubled = doubled.add(doubled);
    expect(await doubled.item()).toBe(2 ** 40);
  });

  it("launches nothing for what is empty, and one op per kernel where fusion is off", async () => {
    const device = await open();
    await realize(device.zeros([0, 4]).add(1).gelu());
    expect(recorder.labels()).toEqual([]);
    await device.close();
    const plain = await open({ fuses: false });
    await realize(plain.tensor(ramp(4)).add(1).mul(2).exp());
    expect(recorder.labels()).toHaveLength(3);
  });
});

describe("limits", () => {
  const most = (recorded: Recorder) => Math.max(...recorded.programs.flatMap(({ kernels }) => kernels.map(({ buffers }) => buffers.length)));

  it("split what touches more buffers than a kernel may: sums, joins, updates", async () => {
    const device = await open({ maxBuffersPerKernel: 4 });
    const parts = Array.from({ length: 17 }, (_, i) => device.tensor(ramp(3).map((value) => value * (i + 1))));
    const total = parts.reduce((sum, part) => sum.add(part));
    expect(await total.sum().item()).toBeCloseTo(153 * ramp(3).reduce((sum, value) => sum + value, 0), 4);
    const nested = parts.slice(0, 8).reduce((sum, part, i) => (i % 2 ? part.exp().mul(sum.tanh()) : sum.maximum(part)));
    expect((await nested.data()).length).toBe(3);
    expect(await realize([parts[0]!.add(parts[1]!), parts[2]!.add(parts[3]!), parts[0]!.mul(parts[3]!)])).toHaveLength(3);
    expect(most(recorder)).toBeLessThanOrEqual(4);
  });

  it("split joins of many tensors", async () => {
    const device = await open({ maxBuffersPerKernel: 8 });
    const parts = Array.from({ length: 50 }, (_, i) => device.full([2], i));
    const joined = await concat(parts).mul(2).data();
    expect([...joined]).toEqual(parts.flatMap((_, i) => [2 * i, 2 * i]));
    expect(most(recorder)).toBeLessThanOrEqual(8);
  });

  it("let equal ops on equal numbers share kernels", async () => {
    const device = await open({ fuses: false });
    let x = device.tensor(ramp(3));
    for (let i = 0; i < 20; i++) x = x.mul(0.5).add(1);
    await realize(x);
    expect(recorder.programs.at(-1)!.kernels).toHaveLength(2);
  });

  it("count numbers of one dtype as one buffer", async () => {
    const device = await open({ maxBuffersPerKernel: 4 });
    const x = device.tensor(ramp(5));
    let y = x;
    for (let i = 0; i < 12; i++) y = y.mul(1.5 + i).add(i);
    await realize(y);
    expect(recorder.labels()).toHaveLength(1);
  });

  it("hold in a gradient of several layers", async () => {
    const device = await open({ maxBuffersPerKernel: 6, offsetAlignment: 256 });
    const model = { w1: device.tensor(ramp(20), { shape: [4, 5] }), b1: device.tensor(ramp(5)), w2: device.tensor(ramp(10), { shape: [5, 2] }), gain: device.tensor(ramp(5)), offset: device.tensor(ramp(5)) };
    const x = device.tensor(ramp(12), { shape: [3, 4] });
    const loss = (m: typeof model) => x.matmul(m.w1).add(m.b1).gelu().layerNorm(m.gain, m.offset).matmul(m.w2).square().mean();
    const [value, gradients] = compile((m: typeof model) => valueAndGrad(loss)(m))(model);
    expect(most(recorder)).toBeLessThanOrEqual(6);
    expect(await value.item()).toBeCloseTo(await loss(model).item(), 10);
    expect((await gradients.w1.data()).every(Number.isFinite)).toBe(true);
  });
});

describe("random graphs", () => {
  it("give the same numbers fused and not, with many buffers and few", async () => {
    const plain = await open({ fuses: false });
    const fused = (await openRecorder()).device;
    const tight = (await openRecorder({ maxBuffersPerKernel: 4, offsetAlignment: 256 })).device;
    for (let seed = 0; seed < 12; seed++) {
      const results: number[][] = [];
      for (const device of [plain, fused, tight]) {
        const outputs = randomGraph(device, seed);
        await realize(outputs);
        results.push((await Promise.all(outputs.map(async (y) => [...(await y.data())]))).flat());
        const compiled = compile(() => randomGraph(device, seed), { device })();
        results.push((await Promise.all(compiled.map(async (y) => [...(await y.data())]))).flat());
      }
      results.forEach((numbers) => numbers.forEach((value, i) => expect(value, `seed ${seed}`).toBeCloseTo(results[0]![i]!, 6)));
    }
    await Promise.all([fused.close(), tight.close()]);
  });
});

/** Ops drawn at random, over tensors of a few shapes; the last few are asked for. */
function randomGraph(device: { tensor(data: Float32Array, options: { shape: number[] }): Tensor }, seed: number): Tensor[] {
  let state = seed * 7919 + 1;
  const draw = (count: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * count);
  };
  const pool: Tensor[] = [device.tensor(ramp(12), { shape: [3, 4] }), device.tensor(ramp(4), { shape: [1, 4] }), device.tensor(ramp(12), { shape: [4, 3] }).transpose()];
  const pick = () => pool[draw(pool.length)]!;
  for (let i = 0; i < 25; i++) {
    const x = pick();
    const y = pick();
    const made = [
      () => x.add(y),
      () => x.mul(y).mul(0.5),
      () => x.sub(y).tanh(),
      () => x.sin(),
      () => x.softmax(-1),
      () => x.sub(x.mean({ axis: -1, keepDims: true })),
      () => x.add(y).max({ axis: 0, keepDims: true }),
      () => x.flip(1),
      () => concat([x, y], 0).slice([[1, 1 + x.shape[0]!]]),
      () => x.pad([[0, 0], [1, 0]]).slice([null, [0, 4]]),
      () => x.expand([3, 4]).transpose().reshape([3, 4]),
      () => x.expand([3, 4]).reshape([2, 6]).transpose().reshape([4, 3]).transpose(),
      () => x.cumulativeSum(1).mul(0.25),
      () => x.greater(y).where(x, y),
      () => x.matmul(y.transpose()).matmul(y).mul(0.1),
      () => full([1, 4], 0.5).add(x.sum({ axis: 0, keepDims: true }).mul(0.1)),
    ][draw(16)]!();
    pool.push(made);
  }
  return [...pool.slice(-3), pool[draw(pool.length)]!];
}

describe("transposed products", () => {
  it("are products of transposed operands: a weight's gradient needs no copy", async () => {
    const device = await open();
    const x = device.tensor(ramp(24), { shape: [4, 6] });
    const weight = device.tensor(ramp(30), { shape: [5, 6] });
    const gradient = await realize(grad((w: Tensor) => x.matmul(w.transpose()).square().sum())(weight));
    expect(gradient.shape).toEqual([5, 6]);
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul+add", "matmul"]);
    const y = x.matmul(weight.transpose());
    await realize([y.transpose(), y]);
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul", "permute"]);
  });

  it("of batches too", async () => {
    const device = await open();
    const [a, b] = [device.tensor(ramp(24), { shape: [2, 3, 4] }), device.tensor(ramp(40), { shape: [2, 4, 5] })];
    const turned = await a.matmul(b).transpose().data();
    expect(recorder.labels()).toEqual(["matmul [2, 5, 3] f32"]);
    const plain = await a.matmul(b).data();
    for (let batch = 0; batch < 2; batch++) for (let row = 0; row < 3; row++) for (let column = 0; column < 5; column++) expect(turned[batch * 15 + column * 3 + row]).toBeCloseTo(plain[batch * 15 + row * 5 + column]!, 5);
  });
});

describe("epilogues", () => {
  const operands = (device: Recorder["device"]) => ({
    x: device.tensor(ramp(24), { shape: [2, 2, 6] }),
    weight: device.tensor(ramp(30), { shape: [5, 6] }),
    bias: device.tensor(ramp(5)),
    residual: device.tensor(ramp(20), { shape: [2, 2, 5] }),
  });

  it("take in what follows a product element by element, through reshapes", async () => {
    const { x, weight, bias, residual } = operands(await open());
    await realize(x.matmul(weight.transpose()).add(bias).gelu().add(residual));
    expect(recorder.labels()).toEqual(["matmul+add [4, 5] f32"]);
  });

  it("keep the product where somebody else reads it", async () => {
    const { x, weight, bias } = operands(await open());
    const product = x.matmul(weight.transpose());
    await realize([product.add(bias).gelu(), product]);
    const [kernel] = recorder.programs.at(-1)!.kernels;
    expect(recorder.labels()).toEqual(["matmul+gelu [4, 5] f32"]);
    // Operands, bias, the product itself, and what became of it.
    expect(kernel!.buffers.map(({ access }) => access).sort()).toEqual(["read", "read", "read", "write", "write"]);
  });

  it("wait for nothing: a loop that reads a later product stays with that one", async () => {
    const { x, weight, residual } = operands(await open());
    const [first, second] = [x.matmul(weight.transpose()), x.mul(2).matmul(weight.transpose())];
    await realize(first.mul(second).add(residual));
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul", "mul", "matmul+add"]);
  });

  it("leave loops alone that move elements, reduce, or write over a donated argument", async () => {
    const device = await open();
    const { x, weight } = operands(device);
    await realize(x.matmul(weight.transpose()).flip(2).mul(2));
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul", "mul"]);
    await realize(x.matmul(weight.transpose()).sum());
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul", "sum"]);
    const step = compile((w: Tensor, input: Tensor) => w.sub(input.transpose().matmul(input).mul(0.1)), { donate: [0] });
    step(device.tensor(ramp(36), { shape: [6, 6] }), device.tensor(ramp(24), { shape: [4, 6] }));
    expect(recorder.labels().map((label) => label.split(" ")[0])).toEqual(["matmul", "sub"]);
  });
});
