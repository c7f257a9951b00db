import type { DType, HostArray } from "@multiway/tensor/device";
import { exactly } from "@multiway/testing/compare";
import { key } from "@multiway/random";
import { openReference, ops, resultsOf, type OpStep, type Tensor } from "@multiway/testing/backend-suite";
import { describe, expect, it } from "vitest";

const f32 = (shape: readonly number[], ...data: number[]): Tensor => ({ dtype: "f32", shape, data: Float64Array.from(data) });
const i32 = (shape: readonly number[], ...data: number[]): Tensor => ({ dtype: "i32", shape, data: Int32Array.from(data) });
const result = (shape: readonly number[], dtype: DType = "f32") => ({ dtype, shape, check: exactly });

/** The results of one op. */
async function run(op: string, inputs: readonly Tensor[], results: OpStep["results"], attributes: OpStep["attributes"] = {}): Promise<number[][]> {
  const body = ops(inputs, [{ op, attributes, inputs: inputs.map((_, position) => position), results }]);
  return [...(await resultsOf(await openReference(), body)).values()].map((array) => [...array]);
}

const near = (values: readonly number[]) => values.map((value) => (Number.isFinite(value) ? expect.closeTo(value, 12) : value));
const ln3 = Math.log(3);

describe("kernel ops on numbers worked out by hand", () => {
  it("matmul", async () => {
    expect(await run("matmul", [f32([2, 2], 1, 2, 3, 4), f32([2, 2], 5, 6, 7, 8)], [result([2, 2])])).toEqual([[19, 22, 43, 50]]);
    const transposed: Tensor = { ...f32([2, 2], 5, 7, 6, 8), strides: [1, 2] };
    expect(await run("matmul", [f32([2, 2], 1, 2, 3, 4), transposed], [result([2, 2])])).toEqual([[19, 22, 43, 50]]);
    const shared: Tensor = { ...f32([2, 2, 1], 1, 10), strides: [0, 1, 1] };
    expect(await run("matmul", [f32([2, 1, 2], 1, 2, 3, 4), shared], [result([2, 1, 1])])).toEqual([[21, 43]]);
    expect(await run("matmul", [f32([1, 0]), f32([0, 2])], [result([1, 2])])).toEqual([[0, 0]]);
    const halves: Tensor = { dtype: "f16", shape: [1, 2], data: Uint16Array.of(0x3c00, 0x4000) };
    expect(await run("matmul", [halves, f32([2, 1], 3, 4)], [result([1, 1])])).toEqual([[11]]);
  });

  const [q, k, v] = [f32([1, 1, 1, 1], 1), f32([1, 2, 1, 1], 0, ln3), f32([1, 2, 1, 1], 2, 4)];
  const outputs = [result([1, 1, 1, 1]), result([1, 1, 1])];

  it("attention", async () => {
    // The weights are 1/4 and 3/4.
    expect(await run("attention", [q, k, v], outputs, { segments: 1, hasBias: false, scale: 1 })).toEqual([near([3.5]), near([Math.log(4)])]);
    expect(await run("attention", [q, k, v], outputs, { segments: 1, hasBias: false, scale: 0 })).toEqual([near([3]), near([Math.log(2)])]);
    const hidden = f32([1, 1, 1, 2], 0, -Infinity);
    expect(await run("attention", [q, k, v, hidden], outputs, { segments: 1, hasBias: true, scale: 1 })).toEqual([near([2]), near([0])]);
    const all = f32([1, 1, 1, 2], -Infinity, -Infinity);
    expect((await run("attention", [q, k, v, all], outputs, { segments: 1, hasBias: true, scale: 1 }))[0]).toEqual([NaN]);
    const one = (...data: number[]) => f32([1, 1, 1, 1], ...data);
    expect(await run("attention", [q, one(0), one(2), one(0), one(4), f32([1, 1, 1, 2], 0, ln3)], outputs, { segments: 2, hasBias: true, scale: 1 })).toEqual([near([3.5]), near([Math.log(4)])]);
  });

  it("attentionBackward", async () => {
    const inputs = [q, k, v, f32([1, 1, 1, 2], 0, 0), f32([1, 1, 1, 1], 3.5), f32([1, 1, 1], Math.log(4)), f32([1, 1, 1, 1], 1)];
    const results = [result([1, 1, 1, 1]), result([1, 2, 1, 1]), result([1, 2, 1, 1]), result([1, 1, 1, 2])];
    // ds = p · (v − out) = [1/4 · −3/2, 3/4 · 1/2]
    expect(await run("attentionBackward", inputs, results, { segments: 1, hasBias: true, biasGradient: true, scale: 1 })).toEqual([near([0.375 * ln3]), near([-0.375, 0.375]), near([0.25, 0.75]), near([-0.375, 0.375])]);
  });

  it("layerNorm and its gradient", async () => {
    const inputs = [f32([2, 2], 1, 3, 4, 4), f32([2], 2, 3), f32([2], 10, 20)];
    expect(await run("layerNorm", inputs, [result([2, 2]), result([2]), result([2])], { epsilon: 0 })).toEqual([[8, 23, NaN, NaN], [2, 4], [1, Infinity]]);
    expect(await run("layerNorm", inputs, [result([2, 2]), result([2]), result([2])], { epsilon: 0.25 })).toEqual([near([10 - 2 / Math.sqrt(1.25), 20 + 3 / Math.sqrt(1.25), 10, 20]), [2, 4], near([1 / Math.sqrt(1.25), 2])]);
    // n = [−1, 0, 1] · √(3/2) at unit gain; a gradient along n or along ones gives nothing back.
    const r = Math.sqrt(1.5);
    expect(await run("layerNormBackward", [f32([1, 3], 1, 2, 3), f32([3], 1, 1, 1), f32([1], 2), f32([1], r), f32([1, 3], 5, 5, 5)], [result([1, 3])])).toEqual([near([0, 0, 0])]);
    expect(await run("layerNormBackward", [f32([1, 3], 1, 2, 3), f32([3], 1, 1, 1), f32([1], 2), f32([1], r), f32([1, 3], 1, -2, 1)], [result([1, 3])])).toEqual([near([r, -2 * r, r])]);
  });

  it("gather and scatterAdd", async () => {
    expect(await run("gather", [f32([2, 2], 1, 2, 3, 4), i32([4], 1, 0, 2, -1)], [result([4, 2])])).toEqual([[3, 4, 1, 2, 0, 0, 0, 0]]);
    expect(await run("gather", [{ dtype: "f16", shape: [2, 1], data: Uint16Array.of(0x3c00, 0xc000) }, i32([1], 1)], [result([1, 1])])).toEqual([[-2]]);
    expect(await run("gather", [{ dtype: "bool", shape: [2, 1], data: Uint32Array.of(0, 1) }, i32([1], 1)], [result([1, 1], "bool")])).toEqual([[1]]);
    expect(await run("scatterAdd", [i32([4], 1, 1, 3, -1), f32([4, 2], 1, 2, 10, 20, 5, 5, 7, 7)], [result([3, 2])], { rows: 3 })).toEqual([[0, 0, 11, 22, 0, 0]]);
  });

  it("crossEntropy and its gradient", async () => {
    const logits = f32([2, 2], 0, ln3, 5, 5);
    const targets = i32([2], 1, -1);
    expect(await run("crossEntropy", [logits, targets], [result([2]), result([2])], { labelSmoothing: 0 })).toEqual([near([Math.log(4 / 3), 0]), near([Math.log(4), 5 + Math.log(2)])]);
    expect((await run("crossEntropy", [logits, targets], [result([2]), result([2])], { labelSmoothing: 0.5 }))[0]).toEqual(near([Math.log(4) - 0.75 * ln3, 0]));
    const backward = (labelSmoothing: number) => run("crossEntropyBackward", [logits, targets, f32([2], Math.log(4), 5 + Math.log(2)), f32([2], 2, 9)], [result([2, 2])], { labelSmoothing });
    expect(await backward(0)).toEqual([near([0.5, -0.5, 0, 0])]);
    expect(await backward(0.5)).toEqual([near([0, 0, 0, 0])]);
  });

  it("sort", async () => {
    const sort = (descending: boolean, x: Tensor) => run("sort", [x], [result(x.shape, x.dtype), result(x.shape, "i32")], { descending });
    const x = f32([1, 6], 2, NaN, -Infinity, 2, NaN, 5);
    expect(await sort(false, x)).toEqual([[-Infinity, 2, 2, 5, NaN, NaN], [2, 0, 3, 5, 1, 4]]);
    expect(await sort(true, x)).toEqual([[NaN, NaN, 5, 2, 2, -Infinity], [1, 4, 5, 0, 3, 2]]);
    expect(await sort(false, i32([2, 2], 1, -1, -5, 7))).toEqual([[-1, 1, -5, 7], [1, 0, 0, 1]]);
  });

  it("cumulativeSum and packHalf", async () => {
    expect(await run("cumulativeSum", [f32([2, 3], 1, 2, 3, 0.5, 0.5, -1)], [result([2, 3])])).toEqual([[1, 3, 6, 0.5, 1, 0]]);
    expect(await run("cumulativeSum", [i32([1, 2], 2147483647, 1)], [result([1, 2], "i32")])).toEqual([[2147483647, -2147483648]]);
    expect(await run("packHalf", [f32([4], 2049, 65520, 0.1, -(2 ** -25))], [result([4], "f16")])).toEqual([[2048, Infinity, 0.0999755859375, -0]]);
  });
});

/** Gradients of Σ weights · output by central differences in float64, for each float input in turn. */
async function differences(op: string, attributes: OpStep["attributes"], inputs: readonly Tensor[], shapes: readonly (readonly number[])[], weights: HostArray, which: number): Promise<number[]> {
  const step = 1e-5;
  const value = async (index: number, shift: number): Promise<number> => {
    const moved = inputs.map((input, position) => (position === which ? { ...input, data: input.data.map((x, i) => (i === index ? x + shift : x)) as Float64Array } : input));
    const [first] = await run(op, moved, shapes.map((shape) => result(shape)), attributes);
    return first!.reduce((sum, x, i) => sum + x * weights[i]!, 0);
  };
  const gradient: number[] = [];
  for (let index = 0; index < inputs[which]!.data.length; index++) gradient.push(((await value(index, step)) - (await value(index, -step))) / (2 * step));
  return gradient;
}

describe("backward ops against central differences of the forward ones", () => {
  const random = (seed: number, shape: readonly number[]): Tensor => f32(shape, ...key(seed).normal(shape.reduce((x, y) => x * y, 1)));
  const agree = (actual: readonly number[], expected: readonly number[]) => expect(actual).toEqual(expected.map((x) => expect.closeTo(x, 7)));

  it("attention", async () => {
    const inputs = [random(1, [2, 2, 2, 3]), random(2, [2, 2, 2, 3]), random(3, [2, 2, 2, 3]), random(4, [2, 1, 2, 3]), random(5, [2, 1, 2, 3]), random(6, [2, 2, 2, 3])];
    const attributes = { segments: 2, hasBias: true, scale: 0.7 };
    const shapes = [[2, 2, 2, 3], [2, 2, 2]];
    const gradient = random(7, shapes[0]!);
    const [out, logSumExp] = await run("attention", inputs, shapes.map((shape) => result(shape)), attributes);
    const all = await run("attentionBackward", [...inputs, f32(shapes[0]!, ...out!), f32(shapes[1]!, ...logSumExp!), gradient], inputs.map(({ shape }) => result(shape)), { ...attributes, biasGradient: true });
    for (const [which, actual] of all.entries()) agree(actual, await differences("attention", attributes, inputs, shapes, gradient.data, which));
  });

  it("layerNorm", async () => {
    const inputs = [random(1, [3, 5]), random(2, [5]), random(3, [5])];
    const shapes = [[3, 5], [3], [3]];
    const gradient = random(4, [3, 5]);
    const [, mean, reciprocalDeviation] = await run("layerNorm", inputs, shapes.map((shape) => result(shape)), { epsilon: 0.1 });
    const [actual] = await run("layerNormBackward", [inputs[0]!, inputs[1]!, f32([3], ...mean!), f32([3], ...reciprocalDeviation!), gradient], [result([3, 5])]);
    agree(actual!, await differences("layerNorm", { epsilon: 0.1 }, inputs, shapes, gradient.data, 0));
  });

  it("crossEntropy", async () => {
    const inputs = [random(1, [4, 6]), i32([4], 0, 5, -1, 2)];
    const attributes = { labelSmoothing: 0.15 };
    const gradient = random(2, [4]);
    const [, logSumExp] = await run("crossEntropy", inputs, [result([4]), result([4])], attributes);
    const [actual] = await run("crossEntropyBackward", [...inputs, f32([4], ...logSumExp!), gradient], [result([4, 6])], attributes);
    agree(actual!, await differences("crossEntropy", attributes, inputs, [[4], [4]], gradient.data, 0));
  });
});
