import { describe, expect, test } from "vitest";
import type { DType } from "@multiway/tensor/device";
import { enableRelaxedSimd } from "../device/relaxed-simd.ts";
import { leftSource, rightSource } from "./matmul-functions.ts";
import type { MatmulPlan } from "./matmul-plan.ts";
import { generateMatmul, matmul } from "./matmul.ts";
import { denseStrides, opKernel, type Operand } from "./op-kernel.ts";
import { runKernel } from "./run-kernel.ts";
import { randomArray, toNumber } from "./test-data.ts";

const hasRelaxedSimd = enableRelaxedSimd();

type Transposition = "plain" | "transposed";

/** A matrix, or a batch of them, whose last two axes are swapped in memory. */
function operand(shape: readonly number[], order: Transposition, dtype: DType, offset = 0): Operand {
  const swapped = [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
  const strides = denseStrides(order === "plain" ? shape : swapped);
  if (order === "transposed") strides.splice(-2, 2, strides.at(-1)!, strides.at(-2)!);
  return { shape, strides, dtype, offset };
}

/** The elements of an operand, dense. */
function dense(operand: Operand, data: ArrayLike<number>): Float64Array {
  const { shape, offset = 0 } = operand;
  return Float64Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, place) => {
    let address = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      address += (place % shape[axis]!) * operand.strides![axis]!;
      place = Math.floor(place / shape[axis]!);
    }
    return toNumber(operand.dtype!, data[address]!);
  });
}

async function checkProduct(a: Operand, b: Operand, override: Partial<MatmulPlan> = {}, relaxedSimd = false): Promise<void> {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const shape = [...a.shape.slice(0, -2), m, n];
  const kernel = opKernel("matmul", [a, b], [{ shape }]);
  const size = ({ shape: s, strides, offset = 0 }: Operand): number => offset + 1 + s.reduce((sum, extent, axis) => sum + Math.max(0, extent - 1) * strides![axis]!, 0);
  const aData = randomArray(a.dtype!, size(a), 1);
  const bData = randomArray(b.dtype!, size(b), 2);
  const chosen = matmul.find(({ accepts }) => accepts?.(kernel, { relaxedSimd }) ?? true)!;
  const generated = Object.keys(override).length > 0 ? await generateMatmul(kernel, override) : await chosen.generate(kernel, { relaxedSimd });
  const results = [1, 1000].map((tasksPerCall) => {
    const c = new Float32Array(shape.reduce((x, y) => x * y, 1));
    runKernel(generated, kernel.buffers, [aData, bData, c], { relaxedSimd }, { tasksPerCall });
    return c;
  });
  expect(results[0]).toEqual(results[1]);
  const x = dense(a, aData);
  const y = dense(b, bData);
  results[0]!.forEach((actual, place) => {
    const column = place % n;
    const row = Math.floor(place / n);
    const matrix = Math.floor(row / m);
    let exact = 0;
    for (let i = 0; i < k; i++) exact += x[row * k + i]! * y[(matrix * k + i) * n + column]!;
    if (!(Math.abs(actual - exact) <= 1e-6 * (k + 1))) throw new Error(`row ${row}, column ${column}: ${actual}, not ${exact}`);
  });
}

describe("matmul", () => {
  const sizes = [[1, 1, 1], [3, 5, 7], [4, 8, 8], [5, 0, 3], [0, 4, 4], [4, 4, 0], [33, 17, 40], [64, 64, 64], [131, 50, 77], [140, 400, 24], [1, 300, 19], [5, 131, 70], [8, 64, 1], [2, 3, 6], [19, 300, 1], [136, 8, 8]] as const;
  for (const [m, k, n] of sizes) {
    test(`${m}×${k}·${k}×${n}, either operand transposed, f32 and f16`, async () => {
      for (const aOrder of ["plain", "transposed"] as const) {
        for (const bOrder of ["plain", "transposed"] as const) {
          await checkProduct(operand([m, k], aOrder, "f32", 3), operand([k, n], bOrder, "f32", 1));
          await checkProduct(operand([m, k], aOrder, "f16", 1), operand([k, n], bOrder, "f16", 3));
        }
      }
    });
  }

  test("every way to get at a block gives the same product", async () => {
    for (const right of [rightSource.panels, rightSource.pack, rightSource.rows]) {
      for (const left of [leftSource.rows, leftSource.widenRows]) {
        await checkProduct(operand([150, 70], "plain", "f32"), operand([70, 48], "plain", "f32"), { left, right, rowBlock: 28, columnBlock: 16, kBlock: 32, groupColumns: 16 }, hasRelaxedSimd);
      }
      for (const left of [leftSource.columns, leftSource.packColumns, leftSource.widenColumns]) {
        await checkProduct(operand([148, 70], "transposed", "f32"), operand([70, 48], "plain", "f32"), { left, right, rowBlock: 28, columnBlock: 16, kBlock: 32, groupColumns: 16 }, hasRelaxedSimd);
      }
    }
  });

  test("batches, broadcast along either operand, with up to four axes", async () => {
    await checkProduct(operand([3, 5, 20, 6], "plain", "f32"), operand([3, 5, 6, 10], "transposed", "f32"));
    await checkProduct(operand([3, 5, 20, 6], "plain", "f32"), { ...operand([3, 5, 6, 10], "plain", "f32"), strides: [0, 0, 10, 1] });
    await checkProduct(operand([2, 3, 140, 6], "plain", "f32"), { ...operand([2, 3, 6, 10], "plain", "f32"), strides: [60, 0, 10, 1] });
    await checkProduct({ ...operand([2, 3, 140, 6], "plain", "f32"), strides: [0, 840, 6, 1] }, { ...operand([2, 3, 6, 10], "plain", "f32"), strides: [60, 0, 1, 6] });
    await checkProduct(operand([2, 1, 3, 2, 7, 6], "plain", "f32"), { ...operand([2, 1, 3, 2, 6, 5], "plain", "f32"), strides: [90, 0, 30, 0, 5, 1] });
    await checkProduct(operand([6, 1, 9], "plain", "f32"), { ...operand([6, 9, 5], "plain", "f32"), strides: [0, 5, 1] });
  });

  test("strides of every kind", async () => {
    await checkProduct({ shape: [30, 40], strides: [90, 2], dtype: "f32" }, { shape: [40, 20], strides: [3, 130], dtype: "f32" });
    await checkProduct({ shape: [30, 40], strides: [0, 1], dtype: "f32" }, { shape: [40, 20], strides: [0, 1], dtype: "f32" });
    await checkProduct({ shape: [30, 40], strides: [1, 0], dtype: "f16" }, { shape: [40, 20], strides: [1, 0], dtype: "f16" });
    await checkProduct({ shape: [150, 40], strides: [90, 2], dtype: "f16" }, { shape: [40, 20], strides: [3, 130], dtype: "f16" });
  });
});
