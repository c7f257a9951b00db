import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBackendSuite } from "@multiway/testing/backend-suite";
import type { DeviceBackend, HostArray, OpKernel } from "@multiway/tensor/device";
import { tileNames } from "./kernels/matmul-tiles.ts";
import { numbers, openForTest, opKernel, runKernel } from "./test-device.ts";

interface Product {
  name: string;
  kernel: OpKernel;
  inputs: [HostArray, HostArray];
  /** m · n elements, in float64. */
  expected: Float64Array;
}

/** Operands in rows or, transposed, in columns; the second also as halves, all of which are multiples of 1/64. */
function product(name: string, [m, k, n]: readonly [number, number, number], { aTransposed = false, bTransposed = false, half = false } = {}): Product {
  const a = numbers(m * k, 3);
  const b = numbers(k * n, 4).map((value) => Math.round(64 * value) / 64);
  const halves = half ? Uint16Array.from(b, halfBits) : b;
  const kernel = opKernel("matmul", {}, [{ data: a, shape: [m, k] }, { data: halves, shape: [k, n] }], [{ shape: [m, n] }]);
  const strides = [aTransposed ? [1, m] : [k, 1], bTransposed ? [1, k] : [n, 1]];
  const expected = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let i = 0; i < k; i++) {
      const x = a[row * strides[0]![0]! + i * strides[0]![1]!]!;
      for (let column = 0; column < n; column++) expected[row * n + column]! += x * b[i * strides[1]![0]! + column * strides[1]![1]!]!;
    }
  }
  return { name, kernel: { ...kernel, inputs: kernel.inputs.map((layout, i) => ({ ...layout, strides: strides[i]! })) }, inputs: [a, halves], expected };
}

/** Of a multiple of 1/64 up to 1. */
function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round((Math.abs(value) / 2 ** exponent - 1) * 1024);
}

const products = [
  product("whole fours, ragged tiles", [132, 72, 140]),
  product("nothing aligned", [131, 41, 67]),
  product("both turned in blocks, halves", [68, 36, 132], { aTransposed: true, bTransposed: true, half: true }),
  product("k in two, b by columns", [40, 1090, 37], { bTransposed: true }),
];

describe("products in tiles", () => {
  const bits = new Map<string, HostArray>();
  it.each(tileNames)("of %s are right, and give the bits of every other tile", { timeout: 120_000 }, async (tile) => {
    const device = await openForTest({ tile });
    for (const { name, kernel, inputs, expected } of products) {
      expect((await device.explain!(kernel)).source).toContain(`matmulTiled ${tile}`);
      const [result] = await runKernel(device, kernel, [...inputs, expected.length]);
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - result![i]!)), 0);
      expect({ name, isClose: worst < 1e-6 * kernel.inputs[0]!.shape[1]! }).toEqual({ name, isClose: true });
      const others = bits.get(name);
      if (others) expect({ name, result }).toEqual({ name, result: others });
      else bits.set(name, result!);
    }
    await device.close();
  });
});

describe("without subgroups", () => {
  runBackendSuite(() => openForTest({ subgroups: false }), { only: /^(layerNorm|crossEntropy|reductions: (sum|maximum|minimum|product|any|all|arg))/, quick: true, timeoutMs: 60_000 });
});

describe("what is in use", () => {
  let devices: DeviceBackend[];
  beforeAll(async () => void (devices = [await openForTest(), await openForTest({ subgroups: false, tile: "32x32" })]));
  afterAll(() => Promise.all(devices.map((device) => device.close())));

  it("is said", () => {
    const [having, without] = devices.map(({ description }) => description);
    expect(having).toMatch(/subgroups of \d+/);
    expect(without).not.toMatch(/subgroups/);
    expect(without).toContain("tiles of 32x32");
  });

  it("is named by a refusal of what isn't there", async () => {
    await expect(openForTest({ tile: "7x7" as "32x32" })).rejects.toThrow('webgpu: tile is "7x7"; it must be one of 128x128, 128x64, 64x128, 64x64, 32x64, 32x32.');
  });
});
