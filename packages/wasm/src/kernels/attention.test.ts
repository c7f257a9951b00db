import { describe, expect, test } from "vitest";
import type { HostArray, OpKernel } from "@multiway/tensor/device";
import { enableRelaxedSimd } from "../device/relaxed-simd.ts";
import { attentionBackward } from "./attention-backward.ts";
import { attention } from "./attention.ts";
import { opKernel, type Operand } from "./op-kernel.ts";
import { runKernel } from "./run-kernel.ts";
import { randomArray, toNumber } from "./test-data.ts";

const relaxedSimd = enableRelaxedSimd();

interface Case {
  batch: number;
  queries: number;
  heads: number;
  headDim: number;
  keys: readonly number[];
  /** Strides of the bias, in elements, for [batch, heads, queries, keys]; and what hides keys. */
  bias?: { strides: readonly number[]; isHidden?: (key: number) => boolean };
  half?: boolean;
}

const scale = 0.3;

/** Operands of the forward pass, and every quantity of it and of its gradient in float64. */
function prepare({ batch, queries, heads, headDim, keys, bias, half = false }: Case) {
  const total = keys.reduce((x, y) => x + y, 0);
  const dtype = half ? "f16" : "f32";
  const tensor = (length: number): Operand => ({ shape: [batch, length, heads, headDim], dtype });
  const inputs: Operand[] = [tensor(queries), ...keys.flatMap((count) => [tensor(count), tensor(count)])];
  const data: HostArray[] = inputs.map(({ shape }, index) => randomArray(dtype, shape.reduce((x, y) => x * y, 1), index + 1));
  if (bias) {
    const shape = [batch, heads, queries, total];
    inputs.push({ shape, strides: bias.strides });
    const length = 1 + shape.reduce((sum, extent, axis) => sum + Math.max(0, extent - 1) * bias.strides[axis]!, 0);
    data.push(randomArray("f32", length, 99).map((value, place) => (bias.isHidden?.(place) ? -Infinity : value)));
  }
  const element = (input: number, b: number, row: number, h: number, d: number): number => toNumber(dtype, data[input]![((b * inputs[input]!.shape[1]! + row) * heads + h) * headDim + d]!);
  const place = (key: number): [segment: number, row: number] => (key < keys[0]! ? [0, key] : [1, key - keys[0]!]);
  const k = (b: number, key: number, h: number, d: number): number => element(1 + 2 * place(key)[0], b, place(key)[1], h, d);
  const v = (b: number, key: number, h: number, d: number): number => element(2 + 2 * place(key)[0], b, place(key)[1], h, d);
  const q = (b: number, row: number, h: number, d: number): number => element(0, b, row, h, d);
  const dims = Array.from({ length: headDim }, (_, d) => d);
  const score = (b: number, h: number, i: number, j: number): number => {
    const address = bias ? b * bias.strides[0]! + h * bias.strides[1]! + i * bias.strides[2]! + j * bias.strides[3]! : 0;
    return scale * dims.reduce((sum, d) => sum + q(b, i, h, d) * k(b, j, h, d), 0) + (bias ? data.at(-1)![address]! : 0);
  };
  const out = new Float64Array(batch * queries * heads * headDim);
  const logSumExp = new Float64Array(batch * heads * queries);
  const weights = new Float64Array(batch * heads * queries * total);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length: total }, (_, j) => score(b, h, i, j));
        const largest = Math.max(-Infinity, ...scores);
        const exps = scores.map((x) => Math.exp(x - largest));
        const sum = exps.reduce((x, y) => x + y, 0);
        const row = (b * heads + h) * queries + i;
        logSumExp[row] = largest + Math.log(sum);
        exps.forEach((x, j) => (weights[row * total + j] = x / sum));
        for (const d of dims) out[((b * queries + i) * heads + h) * headDim + d] = exps.reduce((acc, x, j) => acc + x * v(b, j, h, d), 0) / sum;
      }
  const outputs: Operand[] = [{ shape: [batch, queries, heads, headDim] }, { shape: [batch, heads, queries] }];
  const attributes: OpKernel["attributes"] = { segments: keys.length, hasBias: bias !== undefined, scale };
  return { inputs, data, outputs, attributes, out, logSumExp, weights, total, q, k, v, dims, place };
}

function close(actual: ArrayLike<number>, exact: ArrayLike<number>, tolerance: number, what: string): void {
  expect(actual.length).toBe(exact.length);
  for (let index = 0; index < exact.length; index++) {
    const [x, y] = [actual[index]!, exact[index]!];
    if (!(Object.is(x, y) || Math.abs(x - y) <= tolerance * (1 + Math.abs(y)))) throw new Error(`${what}[${index}]: ${x}, not ${y}`);
  }
}

/** Runs a kernel with its tasks one by one and all at once, which must not matter. */
function run(generated: Parameters<typeof runKernel>[0], kernel: OpKernel, data: readonly HostArray[]): Float32Array[] {
  const results = [1, 1000].map((tasksPerCall) => {
    const outputs = kernel.outputs.map(({ shape }) => new Float32Array(shape.reduce((x, y) => x * y, 1)));
    runKernel(generated, kernel.buffers, [...data, ...outputs], { relaxedSimd }, { tasksPerCall });
    return outputs;
  });
  expect(results[1]).toEqual(results[0]);
  return results[0]!;
}

async function check(of: Case): Promise<void> {
  const p = prepare(of);
  const { batch, queries, heads, headDim, keys } = of;
  const forward = opKernel("attention", p.inputs, p.outputs, p.attributes);
  const [out, logSumExp] = run(await attention[0].generate(forward, { relaxedSimd }), forward, p.data);
  close(out!, p.out, 1e-5, "out");
  close(logSumExp!, p.logSumExp, 1e-5, "logSumExp");

  const gradient = randomArray("f32", out!.length, 77);
  const gradients: Operand[] = [p.inputs[0]!, ...keys.flatMap((count): Operand[] => [{ shape: [batch, count, heads, headDim] }, { shape: [batch, count, heads, headDim] }])].map(({ shape }) => ({ shape }));
  gradients.push({ shape: [batch, heads, queries, p.total] });
  const backward = opKernel("attentionBackward", [...p.inputs, ...p.outputs, { shape: p.outputs[0]!.shape }], gradients, { ...p.attributes, biasGradient: true });
  const results = run(await attentionBackward[0].generate(backward, { relaxedSimd }), backward, [...p.data, out!, logSumExp!, gradient]);

  const exact = gradients.map(({ shape }) => new Float64Array(shape.reduce((x, y) => x * y, 1)));
  const at = (length: number, b: number, row: number, h: number, d: number): number => ((b * length + row) * heads + h) * headDim + d;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < queries; i++) {
        const of = (values: ArrayLike<number>, d: number): number => values[at(queries, b, i, h, d)]!;
        const outProduct = p.dims.reduce((sum, d) => sum + of(gradient, d) * of(p.out, d), 0);
        for (let j = 0; j < p.total; j++) {
          const row = ((b * heads + h) * queries + i) * p.total + j;
          const ds = p.weights[row]! * (p.dims.reduce((sum, d) => sum + of(gradient, d) * p.v(b, j, h, d), 0) - outProduct);
          exact.at(-1)![row] = ds;
          const [segment, keyRow] = p.place(j);
          for (const d of p.dims) {
            const key = at(keys[segment]!, b, keyRow, h, d);
            exact[0]![at(queries, b, i, h, d)]! += scale * ds * p.k(b, j, h, d);
            exact[1 + 2 * segment]![key]! += scale * ds * p.q(b, i, h, d);
            exact[2 + 2 * segment]![key]! += p.weights[row]! * of(gradient, d);
          }
        }
      }
  results.forEach((result, index) => close(result, exact[index]!, 2e-5, `gradient ${index}`));
}

describe("attention and its gradient", () => {
  for (const [queries, keys, headDim] of [[1, 1, 1], [4, 8, 8], [17, 17, 32], [34, 40, 32], [40, 33, 5], [3, 100, 12], [130, 70, 16], [70, 600, 8]] as const) {
    test(`${queries} queries, ${keys} keys, headDim ${headDim}`, () => check({ batch: queries > 40 ? 1 : 2, queries, heads: 2, headDim, keys: [keys] }));
  }

  test("keys in two segments", async () => {
    await check({ batch: 2, queries: 20, heads: 2, headDim: 8, keys: [17, 9] });
    await check({ batch: 2, queries: 20, heads: 2, headDim: 12, keys: [8, 16] });
    await check({ batch: 1, queries: 5, heads: 2, headDim: 8, keys: [0, 5] });
  });

  test("a bias with any strides hides keys", async () => {
    for (const strides of [[2 * 9 * 12, 9 * 12, 12, 1], [12, 0, 0, 1], [0, 0, 12, 1], [0, 108, 1, 9], [1, 0, 0, 0]]) {
      await check({ batch: 2, queries: 9, heads: 2, headDim: 8, keys: [12], bias: { strides } });
      await check({ batch: 2, queries: 9, heads: 2, headDim: 8, keys: [5, 7], bias: { strides } });
    }
    await check({ batch: 2, queries: 9, heads: 2, headDim: 8, keys: [12], bias: { strides: [12, 0, 0, 1], isHidden: (place) => place % 3 === 1 } });
  });

  test("half floats", () => check({ batch: 2, queries: 9, heads: 2, headDim: 8, keys: [12, 3], half: true }));

  test("a query that sees no key gives NaN", async () => {
    const p = prepare({ batch: 1, queries: 3, heads: 1, headDim: 4, keys: [6], bias: { strides: [0, 0, 6, 1], isHidden: (place) => place >= 6 && place < 12 } });
    const kernel = opKernel("attention", p.inputs, p.outputs, p.attributes);
    const [out] = run(await attention[0].generate(kernel, { relaxedSimd }), kernel, p.data);
    expect([...out!].map(Number.isNaN)).toEqual([0, 1, 2].flatMap((row) => new Array<boolean>(4).fill(row === 1)));
  });

  test("no keys, no queries, no batch", async () => {
    const p = prepare({ batch: 1, queries: 2, heads: 1, headDim: 4, keys: [0] });
    const kernel = opKernel("attention", p.inputs, p.outputs, p.attributes);
    const [out] = run(await attention[0].generate(kernel, { relaxedSimd }), kernel, p.data);
    expect([...out!].every(Number.isNaN)).toBe(true);
    await check({ batch: 1, queries: 0, heads: 2, headDim: 4, keys: [3] });
    await check({ batch: 0, queries: 2, heads: 2, headDim: 4, keys: [3] });
  });
});
