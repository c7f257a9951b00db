import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeviceBackend, LoopKernel } from "@multiway/tensor/device";
import { numbers, openForTest, opKernel, programOf, runKernel } from "../test-device.ts";

let device: DeviceBackend;
beforeAll(async () => void (device = await openForTest()));
afterAll(async () => {
  expect(device.counters.dispatches).toBeGreaterThan(0);
  await device.close();
});

/** y = 2x + 1 over `length` elements. */
const affine = (length: number, sameBuffer = false): LoopKernel => ({
  kind: "loop",
  label: `affine [${length}]`,
  buffers: sameBuffer ? [{ dtype: "f32", access: "readwrite" }] : [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }],
  extents: [length],
  body: [
    { op: "load", type: "f32", access: { buffer: 0, offset: 0, strides: [1] } },
    { op: "constant", type: "f32", value: 2 },
    { op: "multiply", type: "f32", x: 0, y: 1 },
    { op: "constant", type: "f32", value: 1 },
    { op: "add", type: "f32", x: 2, y: 3 },
  ],
  stores: [{ access: { buffer: sameBuffer ? 0 : 1, offset: 0, strides: [1] }, value: 4 }],
});

describe("the device", () => {
  it.each([1, 100, 4096, 100_000])("runs a loop over %i elements", async (length) => {
    const x = numbers(length);
    const [y] = await runKernel(device, affine(length), [x, length]);
    expect(y).toEqual(x.map((value) => 2 * value + 1));
  });

  it("runs a product", async () => {
    for (const [m, k, n] of [[3, 5, 7], [64, 32, 64], [65, 33, 70], [20, 16, 100]] as const) {
      const a = numbers(m * k, 1);
      const b = numbers(k * n, 2);
      const [c] = await runKernel(device, opKernel("matmul", {}, [{ data: a, shape: [m, k] }, { data: b, shape: [k, n] }], [{ shape: [m, n] }]), [a, b, m * n]);
      for (let i = 0; i < m * n; i++) {
        let sum = 0;
        for (let j = 0; j < k; j++) sum += a[Math.floor(i / n) * k + j]! * b[j * n + (i % n)]!;
        expect(Math.abs(c![i]! - sum)).toBeLessThan(1e-5);
      }
    }
  });
});
