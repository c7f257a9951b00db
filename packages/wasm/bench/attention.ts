// pnpm exec tsx --conditions=@multiway/source packages/wasm/bench/attention.ts
import { opKernel, type Operand } from "../src/kernels/op-kernel.ts";
import { openWith, timeKernel } from "./harness.ts";

/** [batch, queries, heads, headDim], keys of each segment. */
const cases: readonly [shape: readonly [number, number, number, number], keys: readonly number[]][] = [
  [[1, 197, 12, 64], [197]], [[8, 197, 12, 64], [197]], [[8, 228, 12, 64], [197, 31]],
  [[48, 17, 4, 32], [17]], [[48, 24, 4, 32], [24]], [[48, 34, 4, 32], [17, 17]], [[48, 40, 4, 32], [40]],
  [[1, 1, 12, 64], [257]],
];

const devices = [await openWith(1), await openWith(2)];
console.log("ms, median (GFLOP/s)".padEnd(36), "1 thread".padEnd(18), "2 threads".padEnd(18), "backward, 1".padEnd(18), "backward, 2");
for (const [[batch, queries, heads, headDim], keys] of cases) {
  const total = keys.reduce((x, y) => x + y, 0);
  const tensor = (length: number): Operand => ({ shape: [batch, length, heads, headDim] });
  const sides = keys.flatMap((count) => [tensor(count), tensor(count)]);
  // Padding hides keys, the same for all heads and queries.
  const inputs: Operand[] = [tensor(queries), ...sides, { shape: [batch, heads, queries, total], strides: [total, 0, 0, 1] }];
  const outputs: Operand[] = [tensor(queries), { shape: [batch, heads, queries] }];
  const attributes = { segments: keys.length, hasBias: true, scale: headDim ** -0.5 };
  const flops = 4 * batch * heads * queries * total * headDim;
  const figures: string[] = [];
  for (const [kernel, work] of [
    [opKernel("attention", inputs, outputs, attributes), flops],
    [opKernel("attentionBackward", [...inputs, ...outputs, tensor(queries)], [tensor(queries), ...sides], { ...attributes, biasGradient: false }), 2.5 * flops],
  ] as const) {
    for (const device of devices) {
      const { median } = await timeKernel(device, kernel);
      figures.push(`${median.toFixed(3)} (${(work / median / 1e6).toFixed(1)})`.padEnd(18));
    }
  }
  console.log(`${batch} × ${queries} · ${keys.join(" + ")}, ${heads} heads of ${headDim}`.padEnd(36), ...figures);
}
for (const device of devices) await device.close();
