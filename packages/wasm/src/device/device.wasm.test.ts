import { DeviceError, DeviceLostError, KernelError, OptionError } from "@multiway/errors";
import type { LoopKernel, Program } from "@multiway/tensor/device";
import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { wasm } from "../index.ts";
import { control } from "./control.ts";
import { WasmDevice } from "./device.ts";
import { idleWorkers, open } from "./open.samples.ts";

const none = new Uint32Array(0);

/** y = x + 1, with the reading shifted by `offset` elements. */
const increment = (length: number, offset = 0): LoopKernel => ({
  kind: "loop",
  label: `increment ${length}`,
  buffers: [
    { dtype: "f32", access: "read" },
    { dtype: "f32", access: "write" },
  ],
  extents: [length],
  body: [
    { op: "load", type: "f32", access: { buffer: 0, offset, strides: [1] } },
    { op: "constant", type: "f32", value: 1 },
    { op: "add", type: "f32", x: 0, y: 1 },
  ],
  stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: 2 }],
});

/** Kernels that pass `length` elements to and fro between two buffers. */
const pingPong = (kernels: LoopKernel[], length: number, steps: number): Program => ({
  label: "ping-pong",
  kernels,
  buffers: [0, 1].map((index) => ({ dtype: "f32", length, place: { kind: "binding", index } })),
  steps: Array.from({ length: steps }, (_, step) => ({ kernel: step % kernels.length, buffers: step % 2 === 0 ? [0, 1] : [1, 0] })),
  arenaBytes: 0,
  numBindings: 2,
  numScalars: 0,
});

// 30,000 elements are four tasks, 1024 are one: barriers, and rows of steps without one.
describe.each([1, 2, 3, 5])("%i threads", (threads) => {
  test("10,000 small steps that need a barrier each", { timeout: 30_000 }, async () => {
    const device = await open({ threads });
    const length = 30_000;
    const [x, y] = [device.allocate("f32", length), device.allocate("f32", length)];
    device.write(x, new Float32Array(length));
    device.run(device.load(pingPong([increment(length)], length, 10_000)), [x, y], none);
    expect((await device.read(x)).every((value) => value === 10_000)).toBe(true);
  });

  test("1500 short runs in a row, of steps with and without barriers", { timeout: 30_000 }, async () => {
    const device = await open({ threads });
    const length = 30_000;
    const [x, y] = [device.allocate("f32", length), device.allocate("f32", length)];
    device.write(x, new Float32Array(length));
    device.write(y, new Float32Array(length));
    const mixed = device.load(pingPong([increment(1024), increment(1024), increment(length), increment(1024)], length, 4));
    const single = device.load(pingPong([increment(1024)], length, 2));
    for (let round = 0; round < 500; round++) {
      device.run(mixed, [x, y], none);
      device.run(single, [x, y], none);
      device.run(mixed, [x, y], none);
    }
    const result = await device.read(x);
    expect([result[0], result[1023]]).toEqual([5000, 5000]);
  });

  test("a trap is told at the next wait, with the kernel's name, and the device goes on", async () => {
    const device = await open({ threads });
    const length = 30_000;
    const [x, y] = [device.allocate("f32", length), device.allocate("f32", length)];
    device.write(x, new Float32Array(length));
    device.run(device.load(pingPong([increment(length, 2 ** 29)], length, 3)), [x, y], none);
    const refused = await device.read(x).catch((error: unknown) => error);
    expect(KernelError.isInstance(refused)).toBe(true);
    expect((refused as Error).message).toMatch(/^increment 30000: memory access out of bounds/);
    device.run(device.load(pingPong([increment(length)], length, 1)), [x, y], none);
    expect((await device.read(y))[length - 1]).toBe(1);
  });
});

test("memory grows while work is under way", async () => {
  const device = await open({ threads: 2 });
  const length = 100_000;
  const program = device.load(pingPong([increment(length)], length, 2));
  const buffers = Array.from({ length: 200 }, (_, index) => {
    const buffer = device.allocate("f32", length);
    if (index === 0) device.write(buffer, new Float32Array(length));
    return buffer;
  });
  for (let index = 1; index < 200; index++) {
    const temporary = device.allocate("f32", length * 4);
    device.run(program, [buffers[0]!, buffers[index]!], none);
    if (index % 3 === 0) device.free(temporary);
  }
  expect((await device.read(buffers[0]!))[length - 1]).toBe(398);
  expect((await device.read(buffers[199]!))[0]).toBe(397);
});

test("the worker may come from a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "multiway-worker-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "worker.mjs");
  // As it is built: this file has no types to strip.
  await copyFile(new URL("../worker-file.ts", import.meta.url), file);
  const device = await open({ threads: 2, workerUrl: pathToFileURL(file) });
  const x = device.allocate("f32", 1);
  device.write(x, Float32Array.of(3));
  expect((await device.read(x))[0]).toBe(3);
});

test("a worker that cannot be loaded makes the device unavailable", async () => {
  const opened = await wasm({ threads: 2, workerUrl: new URL("file:///nowhere/worker.mjs") }).open();
  expect(opened).toEqual({ unavailable: expect.stringMatching(/^wasm: a worker did not start: .*nowhere/) });
});

describe("while the code of a program is loaded", () => {
  const started = async (threads: number) => {
    const device = await open({ threads });
    const [x, y] = [device.allocate("f32", 1024), device.allocate("f32", 1024)];
    device.write(x, new Float32Array(1024).fill(1));
    const program = device.load(pingPong([increment(1024)], 1024, 1));
    device.run(program, [x, y], none);
    return { device, x, y, program };
  };

  test.each([1, 2])("what is asked for later takes its turn, with %i threads", async (threads) => {
    const { device, x, y, program } = await started(threads);
    const once = device.read(y, 0, 1);
    // Copied now, written after the run.
    const data = new Float32Array(1024).fill(10);
    device.write(x, data);
    data.fill(0);
    device.run(program, [x, y], none);
    const twice = device.read(y, 0, 1);
    device.free(x);
    // Nobody writes into the freed memory before the runs have read it.
    const next = device.allocate("f32", 1024);
    device.write(next, new Float32Array(1024).fill(100));
    const synchronized = device.synchronize();
    device.unload(program);
    expect([...(await once), ...(await twice), (await device.read(next, 0, 1))[0]]).toEqual([2, 11, 100]);
    await synchronized;
    expect(device.counters).toMatchObject({ programs: 1, dispatches: 2, liveBuffers: 2 });
    expect(() => device.run(program, [next, y], none)).toThrow(/program \d+ is not loaded/);
  });

  test("closing rejects what waits", async () => {
    const { device, y } = await started(2);
    const outcomes = Promise.allSettled([device.read(y), device.synchronize()]);
    await device.close();
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(DeviceLostError) as unknown });
  });

  test("an op that nobody has rejects the read, and the device goes on", async () => {
    const { device, x, y } = await started(2);
    const unknown: Program = { ...pingPong([increment(1024)], 1024, 1), kernels: [{ kind: "op", op: "nonsense", label: "nonsense [4]", buffers: [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }], attributes: {}, inputs: [], outputs: [] }] };
    device.run(device.load(unknown), [x, y], none);
    await expect(device.read(y)).rejects.toThrow(/^nonsense \[4\]: the wasm device has no kernel op/);
    expect((await device.read(y, 0, 1))[0]).toBe(2);
  });
});

test("where threads are forbidden, small programs run, and the first large one loses the device, with the reason", async () => {
  const device = await open({ threads: 2 });
  const getBuiltinModule = process.getBuiltinModule.bind(process);
  const forbidden = vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { Worker: class { constructor() { throw new Error("access to threads has been restricted"); } } } : getBuiltinModule(name)) as typeof getBuiltinModule);
  onTestFinished(() => forbidden.mockRestore());
  const [x, y] = [device.allocate("f32", 1_000_000), device.allocate("f32", 1_000_000)];
  device.write(x, new Float32Array(1024));
  device.run(device.load(pingPong([increment(1024)], 1024, 1)), [x, y], none);
  expect((await device.read(y, 0, 1))[0]).toBe(1);
  expect(() => device.run(device.load(pingPong([increment(1_000_000)], 1_000_000, 3)), [x, y], none)).toThrow(/is lost: access to threads has been restricted/);
  expect(await device.lost).toBe("access to threads has been restricted");
});

test("options that make no sense are refused", () => {
  for (const threads of [0, -1, 1.5, 65, NaN]) expect(() => wasm({ threads })).toThrow(OptionError);
});

test("full memory: a DeviceError with numbers and a remedy, and freed memory helps", () => {
  const device = new WasmDevice(idleWorkers(1, 32));
  const first = device.allocate("f32", 200_000);
  device.allocate("f32", 200_000);
  expect(() => device.allocate("f32", 200_000)).toThrow(DeviceError);
  expect(() => device.allocate("f32", 200_000)).toThrow(/a tensor of 200000 f32 elements needs 800000 bytes; the device uses \d+ of at most 2097152/);
  device.free(first);
  device.allocate("f32", 200_000);
});

test("a dead worker loses the device", async () => {
  const workers = idleWorkers(1, 32);
  const device = new WasmDevice(workers);
  const buffer = device.allocate("f32", 4);
  // Not idle: something else has still to be dealt with.
  new Int32Array(workers.memory!.buffer)[control.handled] = -1;
  const read = device.read(buffer);
  workers.onDeath("worker thread exited with code 1");
  await expect(read).rejects.toThrow(DeviceLostError);
  expect(await device.lost).toBe("worker thread exited with code 1");
  expect(() => device.allocate("f32", 4)).toThrow(/is lost: worker thread exited with code 1/);
});

/** Runs a script in a Node of its own, through tsx, and gives what it prints. */
async function runScript(text: string): Promise<{ code: number | null; output: string }> {
  const root = fileURLToPath(new URL("../../../..", import.meta.url));
  const script = `import { wasm } from ${JSON.stringify(new URL("../index.ts", import.meta.url).href)};\n(async () => {${text}})();`;
  const child = spawn(process.execPath, ["--conditions=@multiway/source", "--import", "tsx", "--input-type=module", "-e", script], { cwd: root });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
  return { code, output };
}

describe("a process", () => {
  test("ends by itself when nothing is pending", { timeout: 20_000 }, async () => {
    const { code, output } = await runScript(`const device = await wasm({ threads: 2 }).open(); device.allocate("f32", 10); console.log(device.name);`);
    expect({ code, output }).toEqual({ code: 0, output: "wasm\n" });
  });

  test("stays for an answer", { timeout: 20_000 }, async () => {
    const { code, output } = await runScript(
      `const device = await wasm({ threads: 2 }).open(); const x = device.allocate("f32", 1); device.write(x, Float32Array.of(7)); await device.synchronize(); console.log((await device.read(x))[0]);`,
    );
    expect({ code, output }).toEqual({ code: 0, output: "7\n" });
  });
});
