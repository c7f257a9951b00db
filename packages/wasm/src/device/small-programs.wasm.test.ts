import { KernelError } from "@multiway/errors";
import type { DeviceBackend, DeviceBuffer, LoopKernel, Program } from "@multiway/tensor/device";
import { describe, expect, onTestFinished, test } from "vitest";
import { WasmDevice } from "./device.ts";
import { idleWorkers, open } from "./open.samples.ts";
import { SmallPrograms } from "./small-programs.ts";
import { isSmall } from "./work.ts";

const none = new Uint32Array(0);

/** A device whose workers never do anything. */
function openWithoutWorkers(): WasmDevice {
  const workers = idleWorkers(16, 64);
  return new WasmDevice(workers, () => Promise.resolve(new SmallPrograms(workers.memory!)));
}

/** y = 3 · x + `addend`: through the arena, from a constant. `offset` shifts the reading. */
function affine(length: number, addend: number, offset = 0): Program {
  const binary = (op: "add" | "multiply"): LoopKernel => ({
    kind: "loop", label: `${op} f32[${length}]`, extents: [length],
    buffers: [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }],
    body: [
      { op: "load", type: "f32", access: { buffer: 0, offset, strides: [1] } },
      { op: "load", type: "f32", access: { buffer: 1, offset: 0, strides: [0] } },
      { op, type: "f32", x: 0, y: 1 },
    ],
    stores: [{ access: { buffer: 2, offset: 0, strides: [1] }, value: 2 }],
  });
  return {
    label: "affine",
    kernels: [binary("multiply"), binary("add")],
    buffers: [
      { dtype: "f32", length, place: { kind: "binding", index: 0 } },
      { dtype: "f32", length: 1, place: { kind: "constant", data: Float32Array.of(3) } },
      { dtype: "f32", length, place: { kind: "arena", offsetBytes: 0 } },
      { dtype: "f32", length: 1, place: { kind: "constant", data: Float32Array.of(addend) } },
      { dtype: "f32", length, place: { kind: "binding", index: 1 } },
    ],
    steps: [{ kernel: 0, buffers: [0, 1, 2] }, { kernel: 1, buffers: [2, 3, 4] }],
    arenaBytes: 4 * length, numBindings: 2, numScalars: 0,
  };
}

const large = 1_000_000;

test("small and large are told apart", () => {
  expect(isSmall(affine(1000, 1))).toBe(true);
  expect(isSmall(affine(large, 1))).toBe(false);
});

test("a small program needs no worker", async () => {
  const device = openWithoutWorkers();
  const [x, y] = [device.allocate("f32", 8), device.allocate("f32", 8)];
  device.write(x, Float32Array.from({ length: 8 }, (_, i) => i));
  const program = device.load(affine(8, 1));
  device.run(program, [x, y], none);
  expect(await device.read(y, 2, 3)).toEqual(Float32Array.of(7, 10, 13));
  device.run(program, [y, x], none);
  await device.synchronize();
  expect((await device.read(x))[1]).toBe(13);
});

test("a trap is told at the next wait, with the kernel's name, and the device goes on", async () => {
  const device = openWithoutWorkers();
  const [x, y] = [device.allocate("f32", 8), device.allocate("f32", 8)];
  device.write(x, new Float32Array(8));
  const broken = device.load(affine(8, 1, 2 ** 29));
  device.run(broken, [x, y], none);
  const refused = await device.read(y).catch((error: unknown) => error);
  expect(KernelError.isInstance(refused)).toBe(true);
  expect((refused as Error).message).toMatch(/^multiply f32\[8\]: memory access out of bounds/);
  device.run(broken, [x, y], none);
  await expect(device.synchronize()).rejects.toThrow(KernelError);
  device.run(device.load(affine(8, 1)), [x, y], none);
  expect((await device.read(y))[0]).toBe(1);
});

describe.each([1, 2, 3])("%i threads", (threads) => {
  test("small programs take their turn between large ones", { timeout: 30_000 }, async () => {
    const device = await open({ threads });
    const buffers = [device.allocate("f32", large), device.allocate("f32", large)] as const;
    const programs = [affine(8, 1), affine(large, 0.25), affine(9, 2)].map((program) => device.load(program));
    device.write(buffers[0], new Float32Array(large));
    device.write(buffers[1], new Float32Array(large));
    // What one thread would do, for an element that small programs reach and for one that they do not.
    const expected = [[0, 0], [0, 0]];
    let source = 0;
    for (let step = 0; step < 300; step++) {
      // Small ones alone for a while, then mixed, so that each finds the workers idle, busy, and not yet started.
      const chosen = step < 20 ? 0 : [0, 1, 2, 0, 0, 2, 1][step % 7]!;
      device.run(programs[chosen]!, [buffers[source]!, buffers[1 - source]!], none);
      const addend = [1, 0.25, 2][chosen]!;
      const next = (value: number): number => Math.fround(Math.fround(3 * value) + addend);
      expected[1 - source]![0] = next(expected[source]![0]!);
      if (chosen === 1) expected[1 - source]![1] = next(expected[source]![1]!);
      source = 1 - source;
      if (step % 3 === 0) {
        const place = step % 2 === 0 ? 0 : large - 1;
        expect((await device.read(buffers[source]!, place, 1))[0], `step ${step}`).toBe(expected[source]![place === 0 ? 0 : 1]);
      }
      // Before they are infinite.
      if (step % 30 === 29) {
        for (const [index, buffer] of buffers.entries()) {
          device.write(buffer, new Float32Array(large));
          expected[index] = [0, 0];
        }
      }
    }
  });

  test("a worker learns of programs that it has never run, and not of those that are gone", async () => {
    const device = await open({ threads });
    const [x, y, z] = [device.allocate("f32", large), device.allocate("f32", large), device.allocate("f32", large)];
    device.write(x, new Float32Array(large).fill(1));
    // Never run and gone, run and gone; the functions of the first are those of all the others.
    const gone = [device.load(affine(8, 1)), device.load(affine(8, 2))];
    const [known, unknown] = [device.load(affine(8, 4)), device.load(affine(8, 5))];
    for (const program of [gone[1]!, known]) device.run(program, [x, y], none);
    for (const program of gone) device.unload(program);
    const guards = guardFreeMemory(device);
    // The arena moves, and what it was is free.
    const largeProgram = device.load(affine(large, 3));
    device.run(largeProgram, [x, z], none);
    guards.push(...guardFreeMemory(device));
    device.run(known, [z, y], none);
    device.run(unknown, [y, x], none);
    expect(await device.read(x, 0, 8)).toEqual(new Float32Array(8).fill(71));
    // And here again.
    device.run(known, [z, y], none);
    device.run(unknown, [y, x], none);
    expect(await device.read(x, 0, 8)).toEqual(new Float32Array(8).fill(71));
    // Learnt of here, and then there, with the arena where it was.
    const late = device.load(affine(40, 6));
    device.run(late, [y, z], none);
    for (let round = 0; round < 2; round++) {
      device.run(largeProgram, [x, z], none);
      device.run(late, [z, y], none);
      expect(await device.read(y, 0, 8)).toEqual(new Float32Array(8).fill(3 * (3 * 71 + 3) + 6));
    }
    for (const guard of guards) expect((await device.read(guard)).every((value) => value === 7)).toBe(true);
  });
});

/** Buffers full of sevens wherever small ones find room. */
function guardFreeMemory(device: DeviceBackend): DeviceBuffer[] {
  return Array.from({ length: 40 }, () => {
    const guard = device.allocate("f32", 8);
    device.write(guard, new Float32Array(8).fill(7));
    return guard;
  });
}

test("reading in a loop leaves timers their turn", async () => {
  const device = openWithoutWorkers();
  const [x, y] = [device.allocate("f32", 8), device.allocate("f32", 8)];
  device.write(x, new Float32Array(8));
  const program = device.load(affine(8, 1));
  let isOver = false;
  const timer = setTimeout(() => (isOver = true), 20);
  onTestFinished(() => clearTimeout(timer));
  for (const start = performance.now(); !isOver && performance.now() - start < 5000; ) {
    device.run(program, [x, y], none);
    await device.read(y);
  }
  expect(isOver).toBe(true);
});
