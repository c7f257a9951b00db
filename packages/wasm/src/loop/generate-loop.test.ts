import type { Access, Instruction, LoopKernel } from "@multiway/tensor/device";
import { describe, expect, test } from "vitest";
import { runKernel } from "../kernels/run-kernel.ts";
import { generateLoop } from "./generate-loop.ts";
import { mostLive, type NestInstruction } from "./nest.ts";

const at = (buffer: number, strides: number[], offset = 0): Access => ({ buffer, offset, strides });
const load = (access: Access): Instruction => ({ op: "load", type: "f32", access });

const copy = (extents: number[], from: number[], to: number[]): LoopKernel => ({
  kind: "loop", label: "copy", extents,
  buffers: [{ dtype: "f32", access: "read" }, { dtype: "f32", access: "write" }],
  body: [load(at(0, from))],
  stores: [{ access: at(1, to), value: 0 }],
});

const reduce = (combine: "sum" | "argMax", kept: number[], reduced: number[], from: number[], to: number[]): LoopKernel => {
  const type = combine === "argMax" ? "i32" : "f32";
  return {
    kind: "loop", label: combine, extents: kept,
    buffers: [{ dtype: "f32", access: "read" }, { dtype: type, access: "write" }],
    reduction: { extents: reduced, body: [load(at(0, from))], results: [{ combine, value: 0 }] },
    body: [{ op: "reduced", type, result: 0 }],
    stores: [{ access: at(1, to), value: 0 }],
  };
};

const numbers = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => Math.sin(index * 1.7) * (1 + (index % 7)));

function run(kernel: LoopKernel, x: Float32Array, outputs: number, tasksPerCall?: number): Float32Array | Int32Array {
  const out = kernel.buffers[1]!.dtype === "i32" ? new Int32Array(outputs) : new Float32Array(outputs);
  runKernel(generateLoop(kernel), kernel.buffers, [x, out], { relaxedSimd: false }, tasksPerCall === undefined ? {} : { tasksPerCall });
  return out;
}

test("how many values are live at once", () => {
  const add = (x: number, y: number): NestInstruction => ({ op: "add", type: "f32", x, y });
  const value: NestInstruction = { op: "load", type: "f32", access: at(0, [1]) };
  const store = (at_: number) => [{ access: at(1, [1]), value: at_ }];
  expect(mostLive([value, add(0, 0), add(1, 1)], store(2))).toBe(2);
  expect(mostLive([value, value, value, add(0, 1), add(3, 2)], store(4))).toBe(4);
  expect(mostLive([value, { op: "constant", type: "f32", value: 1 }, add(0, 1), add(2, 0)], store(3))).toBe(3);
});

describe("phases and tasks", () => {
  const shape = (kernel: LoopKernel) => generateLoop(kernel).phases.map(({ tasks }) => tasks);

  test("small kernels are one task, empty ones none, large ones many", () => {
    expect(shape(copy([1024], [1], [1]))).toEqual([1]);
    expect(shape(copy([3, 0], [1, 1], [1, 1]))).toEqual([]);
    expect(shape(copy([1 << 20], [1], [1]))[0]).toBeGreaterThan(32);
  });

  test("axes that all accesses see as one are one", () => {
    expect(shape(copy([64, 32, 128], [4096, 128, 1], [4096, 128, 1]))).toEqual(shape(copy([64 * 4096], [1], [1])));
  });

  test("a long reduction to few results takes two phases, a short one or one to many results takes one", () => {
    expect(shape(reduce("sum", [], [1 << 20], [1], [])).length).toBe(2);
    expect(shape(reduce("sum", [768], [4096], [1, 768], [1])).length).toBe(2);
    expect(shape(reduce("sum", [], [1000], [1], []))).toEqual([1]);
    expect(shape(reduce("sum", [4096], [768], [768, 1], [1])).length).toBe(1);
  });

  test("one function serves all kernels that differ in their label and buffers alone", () => {
    const keys = ["a", "b"].map((label) => generateLoop({ ...copy([500], [1], [1]), label }).phases[0]!.function.key);
    expect(keys[0]).toBe(keys[1]);
  });
});

describe("results", () => {
  test("are the same bits however tasks are grouped", () => {
    const kernels: [LoopKernel, inputs: number, outputs: number][] = [
      [copy([50_001], [1], [1]), 50_001, 50_001],
      [copy([130, 257], [1, 130], [257, 1]), 130 * 257, 130 * 257],
      [reduce("sum", [], [100_003], [1], []), 100_003, 1],
      [reduce("sum", [67], [2000], [1, 67], [1]), 134_000, 67],
      [reduce("sum", [700], [67], [67, 1], [1]), 46_900, 700],
      [reduce("argMax", [3], [40_000], [40_000, 1], [1]), 120_000, 3],
    ];
    for (const [kernel, inputs, outputs] of kernels) {
      const x = numbers(inputs);
      const whole = run(kernel, x, outputs);
      for (const tasksPerCall of [1, 3, 7]) expect(run(kernel, x, outputs, tasksPerCall)).toEqual(whole);
    }
  });

  test("do not depend on where in a row an element stands", () => {
    const x = Float32Array.of(0.3);
    for (const op of ["exp", "log", "tanh", "erf", "normalCdf", "sin", "cos"] as const) {
      const kernel: LoopKernel = { ...copy([39], [0], [1]), body: [load(at(0, [0])), { op: "index", type: "i32", axis: 0 }, { op: "cast", type: "f32", x: 1 }, { op: "constant", type: "f32", value: 0 }, { op: "multiply", type: "f32", x: 2, y: 3 }, { op: "add", type: "f32", x: 0, y: 4 }, { op, type: "f32", x: 5 }], stores: [{ access: at(1, [1]), value: 6 }] };
      expect(new Set(run(kernel, x, 39)).size).toBe(1);
    }
  });

  test("long chains, whose vectors advance side by side, at every length", () => {
    const numSteps = 200;
    const [x, a] = [0, 1];
    const body: Instruction[] = [load(at(0, [1])), load(at(0, [1], 1))];
    for (let step = 0; step < numSteps; step++) body.push({ op: step % 2 === 0 ? "add" : "multiply", type: "f32", x: step === 0 ? x : body.length - 1, y: step % 2 === 0 ? a : x });
    for (const length of [1, 3, 4, 15, 16, 17, 53, 1027]) {
      const values = Float32Array.from({ length: length + 1 }, (_, index) => 0.5 + (index % 11) / 40);
      const found = run({ ...copy([length], [1], [1]), body, stores: [{ access: at(1, [1]), value: body.length - 1 }] }, values, length);
      const expected = Float32Array.from({ length }, (_, index) => {
        let value = values[index]!;
        for (let step = 0; step < numSteps; step++) value = Math.fround(step % 2 === 0 ? value + values[index + 1]! : value * values[index]!);
        return value;
      });
      expect(found).toEqual(expected);
    }
  });

  test("transposed: tiles at the edges too", () => {
    const [rows, columns] = [37, 70];
    const x = numbers(rows * columns);
    const y = run(copy([columns, rows], [1, columns], [rows, 1]), x, rows * columns);
    for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) if (y[column * rows + row] !== x[row * columns + column]) throw new Error(`${row}, ${column}`);
  });

  test("of argMax over pieces: the first of equals, and NaN before all", () => {
    const x = new Float32Array(50_000).fill(-Infinity);
    const kernel = reduce("argMax", [], [50_000], [1], []);
    expect(run(kernel, x, 1)[0]).toBe(0);
    x[40_007] = x[30_003] = 5;
    expect(run(kernel, x, 1)[0]).toBe(30_003);
    x[45_678] = NaN;
    x[49_999] = NaN;
    expect(run(kernel, x, 1)[0]).toBe(45_678);
  });
});
