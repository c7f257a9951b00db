import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeviceError, DeviceLostError, KernelError } from "@multiway/errors";
import type { DeviceBackend, LoopKernel, Program } from "@multiway/tensor/device";
import { findGpu } from "#gpu";
import { affine, numbers, openForTest, opKernel, programOf, runKernel } from "../test-device.ts";
import { webgpu } from "../webgpu.ts";
import { Pipelines } from "./pipelines.ts";

const none = new Uint32Array(0);
let device: DeviceBackend;
beforeAll(async () => void (device = await openForTest()));
afterAll(async () => {
  expect(device.counters.dispatches).toBeGreaterThan(0);
  await device.close();
});

const affineOf = (x: Float32Array): Float32Array => x.map((value) => 2 * value + 1);

describe("opening", () => {
  it("says which adapter it took", () => expect(device.description).toMatch(/\w+.*bindings up to \d+ MiB/));

  it("takes a software adapter only when asked", async () => {
    if (!/swiftshader|llvmpipe/i.test(device.description)) return;
    expect(await webgpu().open()).toEqual({ unavailable: expect.stringMatching(/software .*allowSoftware: true/) });
  });

  it("runs within the limits that every device has", async () => {
    const small = await openForTest({ limits: "default" });
    expect(small.limits).toEqual({ maxBuffersPerKernel: 8, maxBindingBytes: 128 * 1024 * 1024, offsetAlignment: 256 });
    const x = numbers(100);
    expect((await runKernel(small, affine(100), [x, 100]))[0]).toEqual(affineOf(x));
    await small.close();
  });
});

describe("memory", () => {
  it("gives many tensors from one allocation, and uses freed ones again", async () => {
    const own = await openForTest();
    const first = Array.from({ length: 1000 }, (_, i) => own.allocate("f32", 1 + (i % 64)));
    expect(own.counters.allocations).toBe(1);
    own.allocate("f32", 2_000_000);
    expect(own.counters.allocations).toBe(2);
    first.forEach((buffer) => own.free(buffer));
    // Half of what there is, which only what they left together can hold.
    own.allocate("f32", 1_000_000);
    own.allocate("i32", 3);
    expect(own.counters).toMatchObject({ allocations: 2, liveBuffers: 3, liveBytes: 12_000_012 });
    await own.close();
  });
});

describe("running", () => {
  it.each([1, 100, 4096, 100_000])("runs a loop over %i elements", async (length) => {
    const x = numbers(length);
    expect((await runKernel(device, affine(length), [x, length]))[0]).toEqual(affineOf(x));
  });

  it("updates in place a buffer that serves two bindings", async () => {
    const x = numbers(5000);
    const buffer = device.allocate("f32", 5000);
    device.write(buffer, x);
    const program = device.load(programOf(affine(5000), [5000, 5000]));
    device.run(program, [buffer, buffer], none);
    device.run(program, [buffer, buffer], none);
    expect(await device.read(buffer)).toEqual(affineOf(affineOf(x)));
    device.free(buffer);
  });

  it("creates nothing on a replay, with buffers that alternate", async () => {
    const buffers = [0, 1].map(() => device.allocate("f32", 100));
    device.write(buffers[0]!, numbers(100));
    const program = device.load(programOf(affine(100), [100, 100]));
    const step = async (i: number): Promise<void> => {
      device.run(program, [buffers[i % 2]!, buffers[(i + 1) % 2]!], none);
      await device.read(buffers[(i + 1) % 2]!);
    };
    await step(0);
    await step(1);
    const before = { ...device.counters };
    for (let i = 2; i < 8; i++) await step(i);
    expect({ ...device.counters, dispatches: before.dispatches }).toEqual(before);
    expect(device.counters.dispatches).toBe(before.dispatches + 6);
  });

  it("keeps the order of calls while kernels compile, also when scratch memory moves", async () => {
    const own = await openForTest();
    const viaArena = (length: number): Program => ({
      ...programOf(affine(length), [length, length]),
      buffers: [
        { dtype: "f32", length, place: { kind: "binding", index: 0 } },
        { dtype: "f32", length, place: { kind: "arena", offsetBytes: 0 } },
        { dtype: "f32", length, place: { kind: "binding", index: 1 } },
      ],
      steps: [
        { kernel: 0, buffers: [0, 1] },
        { kernel: 0, buffers: [1, 2] },
      ],
      arenaBytes: length * 4,
    });
    const x = numbers(300);
    const [input, output] = [own.allocate("f32", 300), own.allocate("f32", 300)];
    own.write(input, x);
    own.run(own.load(viaArena(300)), [input, output], none);
    const first = own.read(output);
    own.write(output, new Float32Array(300));
    const second = own.read(output);
    own.free(output);
    own.load(viaArena(9000));
    expect(await first).toEqual(affineOf(affineOf(x)));
    expect(await second).toEqual(new Float32Array(300));
    await own.synchronize();
    await own.close();
  });

  it("folds more than 65535 workgroups", async () => {
    const count = 65535 * 64 + 1000;
    const indices = Int32Array.from({ length: count }, (_, i) => i % 3);
    const [y] = await runKernel(device, opKernel("gather", {}, [{ data: Float32Array.of(1, 2, 3), shape: [3, 1] }, { data: indices, shape: [count] }], [{ shape: [count, 1] }]), [Float32Array.of(1, 2, 3), indices, count]);
    expect(y!.findIndex((value, i) => value !== 1 + (i % 3))).toBe(-1);
  });
});

describe("buffers beyond the largest binding", () => {
  let split: DeviceBackend;
  beforeAll(async () => void (split = await openForTest({ maxBindingBytes: 8192 })));
  afterAll(() => split.close());

  it("are bound in pieces by loops, also as vec4", async () => {
    const x = numbers(8000);
    expect((await runKernel(split, affine(8000), [x, 8000]))[0]).toEqual(affineOf(x));
  });

  it("are bound in pieces by gather and products", async () => {
    const table = numbers(1500 * 4);
    const indices = Int32Array.of(0, 1499, 511, 512, 513, -1, 1500);
    const [rows] = await runKernel(split, opKernel("gather", {}, [{ data: table, shape: [1500, 4] }, { data: indices, shape: [7] }], [{ shape: [7, 4] }]), [table, indices, 28]);
    expect([...rows!]).toEqual([...indices].flatMap((row) => [0, 1, 2, 3].map((column) => table[row * 4 + column] ?? 0)));
    const a = numbers(70 * 40);
    const b = numbers(40 * 100);
    const [c] = await runKernel(split, opKernel("matmul", {}, [{ data: a, shape: [70, 40] }, { data: b, shape: [40, 100] }], [{ shape: [70, 100] }]), [a, b, 7000]);
    for (const i of [0, 1999, 2048, 6999]) {
      let sum = 0;
      for (let k = 0; k < 40; k++) sum += a[Math.floor(i / 100) * 40 + k]! * b[k * 100 + (i % 100)]!;
      expect(c![i]).toBeCloseTo(sum, 4);
    }
  });

  it("are cut into loops of their own where bindings run out", async () => {
    const x = numbers(20_000);
    expect((await runKernel(split, affine(20_000), [x, 20_000]))[0]).toEqual(affineOf(x));
  });

  it("are refused with a remedy where no cut helps: all of a table for each result", async () => {
    const { buffers, body } = affine(1);
    const sum: LoopKernel = { kind: "loop", label: "sum [40000]", buffers, extents: [], reduction: { extents: [40_000], body: [body[0]!], results: [{ combine: "sum", value: 0 }] }, body: [{ op: "reduced", type: "f32", result: 0 }], stores: [{ access: { buffer: 1, offset: 0, strides: [] }, value: 0 }] };
    const failure = await runKernel(split, sum, [numbers(40_000), 1]).catch((error: unknown) => error);
    expect(DeviceError.isInstance(failure)).toBe(true);
    expect((failure as Error).message).toMatch(/needs 2[01] storage bindings.*Split the work/);
  });
});

describe("failures", () => {
  it("name the line and column of a kernel that the compiler refuses, and hold its text", async () => {
    const gpu = (await findGpu()) as GPU;
    const raw = await (await gpu.requestAdapter())!.requestDevice();
    const pipeline = new Pipelines(raw, () => undefined).get("broken", "@compute @workgroup_size(1)\nfn main() { let x = nowhere; }", 0);
    await pipeline.ready;
    expect(KernelError.isInstance(pipeline.error)).toBe(true);
    expect(pipeline.error!.message).toMatch(/kernel "broken" was refused by the compiler: line 2, column 21: .*nowhere/);
    expect(pipeline.error!.details).toMatchObject({ source: expect.stringContaining("nowhere"), messages: [{ line: 2, column: 21 }] });
    raw.destroy();
  });

  it("reject everything pending and later when the device is lost", async () => {
    const own = await openForTest();
    const buffer = own.allocate("f32", 100_000);
    own.write(buffer, numbers(100_000));
    const pending = own.read(buffer).catch((error: unknown) => error);
    (own as unknown as { device: GPUDevice }).device.destroy();
    expect(await own.lost).toMatch(/\w/);
    const outcome = await pending;
    expect(outcome instanceof Float32Array || DeviceLostError.isInstance(outcome)).toBe(true);
    expect(DeviceLostError.isInstance(await own.read(buffer).catch((error: unknown) => error))).toBe(true);
    expect(DeviceLostError.isInstance(await own.synchronize().catch((error: unknown) => error))).toBe(true);
    expect(() => own.allocate("f32", 1)).toThrow(/Open a new one/);
    await own.close();
  });
});
