import type { BinaryOperation, Combine, DType, HostArray, RegisterType, UnaryOperation } from "@multiway/tensor/device";
import { exactly } from "@multiway/testing/compare";
import { Code, input, loop, openReference, output, reads, resultsOf, single, writes, type CaseBody } from "@multiway/testing/backend-suite";
import { describe, expect, it } from "vitest";
import { loopSource } from "./loop.ts";

/** The first result of a program, with literal numbers to compare it with. */
async function resultOf(body: CaseBody): Promise<number[]> {
  const [first] = (await resultsOf(await openReference(), body)).values();
  return [...first!];
}

const arrayOf = (dtype: DType, values: readonly number[]): HostArray =>
  dtype === "f32" ? Float64Array.from(values) : dtype === "i32" ? Int32Array.from(values) : dtype === "u32" || dtype === "bool" ? Uint32Array.from(values) : Uint16Array.from(values);

/** One instruction over the elements of its inputs. */
function pointwise(inputs: readonly (readonly [DType, readonly number[]])[], result: DType, write: (code: Code, x: number[]) => number): Promise<number[]> {
  const code = new Code();
  const x = inputs.map(([dtype], buffer) => code.load(dtype, buffer, [1]));
  const value = write(code, x);
  const count = inputs[0]![1].length;
  const kernel = loop("pointwise", { buffers: [...reads(...inputs.map(([dtype]) => dtype)), ...writes(result)], extents: [count], body: code.instructions, stores: [{ access: { buffer: inputs.length, offset: 0, strides: [1] }, value }] });
  return resultOf(single(kernel, [...inputs.map(([dtype, data]) => input(dtype, arrayOf(dtype, data))), output(result, [count], exactly)]));
}

const low = -2147483648;
const high = 2147483647;

describe("operations", () => {
  const unary: readonly (readonly [UnaryOperation, RegisterType, readonly number[], readonly number[]])[] = [
    ["negate", "f32", [1, -2.5, Infinity], [-1, 2.5, -Infinity]], ["negate", "i32", [5, low], [-5, low]],
    ["abs", "f32", [-1.5, 2], [1.5, 2]], ["abs", "i32", [-7, low], [7, low]],
    ["sign", "f32", [-3, 0, 9, NaN], [-1, 0, 1, NaN]], ["sign", "i32", [-3, 0, 9], [-1, 0, 1]],
    ["floor", "f32", [1.5, -1.5], [1, -2]], ["ceil", "f32", [1.5, -1.5], [2, -1]], ["round", "f32", [0.5, 1.5, 2.5, -3.5], [0, 2, 2, -4]],
    ["sqrt", "f32", [9, -1], [3, NaN]], ["exp", "f32", [0, 1], [1, Math.E]], ["log", "f32", [1, Math.E, 0, -1], [0, 1, -Infinity, NaN]],
    ["sin", "f32", [0, Math.PI / 2], [0, 1]], ["cos", "f32", [0, Math.PI], [1, -1]], ["tanh", "f32", [0, 1000], [0, 1]], ["erf", "f32", [0, 1], [0, 0.8427007929497149]], ["normalCdf", "f32", [0, 1, -1, -40, Infinity, NaN], [0.5, 0.8413447460685429, 0.15865525393145707, 0, 1, NaN]],
    ["not", "bool", [0, 1], [1, 0]], ["not", "i32", [0, 5], [-1, -6]], ["not", "u32", [0, 1], [4294967295, 4294967294]], ["isNaN", "f32", [NaN, 1, Infinity], [1, 0, 0]],
  ];
  for (const [op, type, x, expected] of unary) {
    it(`${op} of ${type}`, async () => {
      expect(await pointwise([[type, x]], op === "isNaN" ? "bool" : type, (code, [a]) => code.unary(op, a!))).toEqual(expected.map((value) => (value === 0 ? expect.closeTo(0, 12) : Number.isNaN(value) ? NaN : Number.isFinite(value) ? expect.closeTo(value, 12) : value)));
    });
  }

  const binary: readonly (readonly [BinaryOperation, RegisterType, readonly number[], readonly number[], readonly number[]])[] = [
    ["add", "f32", [0.5], [0.25], [0.75]], ["add", "i32", [high, -3], [1, 1], [low, -2]], ["add", "u32", [4294967295], [2], [1]],
    ["subtract", "f32", [1], [3], [-2]], ["subtract", "i32", [low], [1], [high]], ["subtract", "u32", [0], [1], [4294967295]],
    ["multiply", "f32", [1.5], [2], [3]], ["multiply", "i32", [65536, 123456789], [65536, 987654321], [0, -67153019]], ["multiply", "u32", [4294967295], [4294967295], [1]],
    ["divide", "f32", [1, -1, 0], [0, 0, 0], [Infinity, -Infinity, NaN]], ["divide", "i32", [7, -7, 7, 5, low], [2, 2, -2, 0, -1], [3, -3, -3, 5, low]], ["divide", "u32", [4294967295, 5], [2, 0], [2147483647, 5]],
    ["remainder", "f32", [5.5, -5.5], [2, 2], [1.5, -1.5]], ["remainder", "i32", [7, -7, 5, low], [3, 3, 0, -1], [1, -1, 0, 0]], ["remainder", "u32", [4294967295, 5], [10, 0], [5, 0]],
    ["power", "f32", [2, -2, -2, 0, -8], [10, 3, 2, 0, 0.5], [1024, -8, 4, 1, NaN]],
    ["minimum", "f32", [1, NaN, 2], [2, 1, NaN], [1, NaN, NaN]], ["maximum", "f32", [1, NaN, 2], [2, 1, NaN], [2, NaN, NaN]], ["minimum", "i32", [low], [high], [low]], ["maximum", "u32", [4294967295], [1], [4294967295]],
    ["and", "bool", [0, 1, 1], [1, 0, 1], [0, 0, 1]], ["or", "bool", [0, 1, 0], [1, 0, 0], [1, 1, 0]], ["xor", "bool", [0, 1, 1], [1, 0, 1], [1, 1, 0]],
    ["and", "u32", [0xff00ff00], [0xf0f0f0f0], [0xf000f000]], ["or", "i32", [-8], [3], [-5]], ["xor", "u32", [0xffffffff], [1], [0xfffffffe]],
    ["equal", "f32", [NaN, 0, 1], [NaN, -0, 2], [0, 1, 0]], ["notEqual", "f32", [NaN, 1], [NaN, 1], [1, 0]], ["less", "u32", [1, 4294967295], [4294967295, 1], [1, 0]], ["less", "i32", [-1], [1], [1]],
    ["lessEqual", "f32", [1, NaN], [1, 1], [1, 0]], ["greater", "i32", [low], [high], [0]], ["greaterEqual", "f32", [Infinity], [Infinity], [1]], ["equal", "bool", [1, 1], [1, 0], [1, 0]],
  ];
  const comparisons = ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"];
  for (const [op, type, x, y, expected] of binary) {
    it(`${op} of ${type}`, async () => {
      expect(await pointwise([[type, x], [type, y]], comparisons.includes(op) ? "bool" : type, (code, [a, b]) => code.binary(op, a!, b!))).toEqual(expected);
    });
  }

  it("shifts", async () => {
    expect(await pointwise([["i32", [1, -8]], ["u32", [31, 1]]], "i32", (code, [a, b]) => code.binary("shiftLeft", a!, b!))).toEqual([low, -16]);
    expect(await pointwise([["i32", [-8, low]], ["u32", [1, 31]]], "i32", (code, [a, b]) => code.binary("shiftRight", a!, b!))).toEqual([-4, -1]);
    expect(await pointwise([["u32", [0xffffffff, 8]], ["u32", [31, 1]]], "u32", (code, [a, b]) => code.binary("shiftRight", a!, b!))).toEqual([1, 4]);
  });

  it("casts and bitcasts", async () => {
    const cast = (from: DType, x: readonly number[], to: RegisterType) => pointwise([[from, x]], to, (code, [a]) => code.cast(to, a!));
    expect(await cast("f32", [1.9, -1.9, 1e10, -1e10, NaN, Infinity], "i32")).toEqual([1, -1, high, low, 0, high]);
    expect(await cast("f32", [1.9, -1.9, 1e10, 3e9], "u32")).toEqual([1, 0, 4294967295, 3e9]);
    expect(await cast("i32", [-1, low], "u32")).toEqual([4294967295, 2147483648]);
    expect(await cast("u32", [4294967295], "i32")).toEqual([-1]);
    expect(await cast("f32", [0, -0, 0.1, NaN], "bool")).toEqual([0, 0, 1, 1]);
    expect(await cast("bool", [0, 1], "f32")).toEqual([0, 1]);
    const bitcast = (from: DType, x: readonly number[], to: RegisterType) => pointwise([[from, x]], to, (code, [a]) => code.bitcast(to, a!));
    expect(await bitcast("f32", [1, -0, -Infinity], "u32")).toEqual([0x3f800000, 0x80000000, 0xff800000]);
    expect(await bitcast("u32", [0x40490fdb], "f32")).toEqual([Math.fround(Math.PI)]);
    expect(await bitcast("u32", [4294967295], "i32")).toEqual([-1]);
  });

  it("select, index, constants and a guard", async () => {
    const values = await pointwise([["f32", [10, 20, 30]]], "f32", (code) => {
      const index = code.index(0);
      const guard = code.binary("less", index, code.constant("i32", 2));
      // One element beyond the end where the guard is false.
      const next = code.load("f32", 0, [1], 1, guard);
      return code.select(code.binary("equal", index, code.constant("i32", 1)), code.constant("f32", "inf"), code.binary("add", next, code.constant("f32", 0.1)));
    });
    expect(values).toEqual([20 + Math.fround(0.1), Infinity, Math.fround(0.1)]);
  });

  it("half floats widen", async () => {
    expect(await pointwise([["f16", [0x3c00, 0x8001, 0x7bff]]], "f32", (_, [a]) => a!)).toEqual([1, -(2 ** -24), 65504]);
  });
});

function reduce(combine: Combine, dtype: DType, data: readonly number[], axis: 0 | 1, shape: readonly [number, number]): Promise<number[]> {
  const inner = new Code();
  const value = inner.load(dtype, 0, axis === 1 ? [shape[1], 1] : [1, shape[1]]);
  const result = combine === "argMax" || combine === "argMin" ? "i32" : dtype;
  const code = new Code();
  const kernel = loop(combine, {
    buffers: [...reads(dtype), ...writes(result)], extents: [shape[1 - axis]!], reduction: { extents: [shape[axis]!], body: inner.instructions, results: [{ combine, value }] },
    body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: code.reduced(result as RegisterType, 0) }],
  });
  return resultOf(single(kernel, [input(dtype, arrayOf(dtype, data)), output(result, [shape[1 - axis]!], exactly)]));
}

describe("reductions of [[3, 1, 3], [−2, 5, 0]]", () => {
  const data = [3, 1, 3, -2, 5, 0];
  const known: readonly (readonly [Combine, readonly number[], readonly number[]])[] = [
    ["sum", [7, 3], [1, 6, 3]], ["product", [9, 0], [-6, 5, 0]], ["maximum", [3, 5], [3, 5, 3]], ["minimum", [1, -2], [-2, 1, 0]], ["argMax", [0, 1], [0, 1, 0]], ["argMin", [1, 0], [1, 0, 1]],
  ];
  for (const [combine, rows, columns] of known) {
    for (const dtype of ["f32", "i32"] as const) {
      it(`${combine} of ${dtype}`, async () => {
        expect((await reduce(combine, dtype, data, 1, [2, 3])).map((x) => x + 0)).toEqual(rows);
        expect((await reduce(combine, dtype, data, 0, [2, 3])).map((x) => x + 0)).toEqual(columns);
      });
    }
  }

  it("any, all, empty ones, NaN and wrap-around", async () => {
    expect(await reduce("any", "bool", [0, 0, 0, 1], 1, [2, 2])).toEqual([0, 1]);
    expect(await reduce("all", "bool", [1, 0, 1, 1], 1, [2, 2])).toEqual([0, 1]);
    const empty = (combine: Combine, dtype: DType) => reduce(combine, dtype, [], 1, [1, 0]);
    expect(await Promise.all([empty("sum", "f32"), empty("product", "i32"), empty("maximum", "f32"), empty("minimum", "f32"), empty("any", "bool"), empty("all", "bool"), empty("argMax", "f32")])).toEqual([[0], [1], [-Infinity], [Infinity], [0], [1], [0]]);
    expect(await Promise.all([empty("maximum", "i32"), empty("minimum", "i32"), empty("maximum", "u32"), empty("minimum", "u32")])).toEqual([[low], [high], [0], [4294967295]]);
    const holed = [1, NaN, 7, NaN];
    expect(await Promise.all((["maximum", "argMax", "minimum", "argMin"] as const).map((combine) => reduce(combine, "f32", holed, 1, [1, 4])))).toEqual([[NaN], [1], [NaN], [1]]);
    expect(await reduce("sum", "i32", [high, 1], 1, [1, 2])).toEqual([low]);
    expect(await reduce("product", "u32", [65536, 65537], 1, [1, 2])).toEqual([65536]);
  });
});

it("the text of a kernel reads like the kernel", () => {
  const code = new Code();
  const value = code.binary("multiply", code.load("f32", 0, [1, 3], 2), code.constant("f32", 0.5));
  expect(loopSource(loop("half", { buffers: [...reads("f32"), ...writes("f32")], extents: [3, 4], body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [4, 1] }, value }] }))).toMatchInlineSnapshot(`
    "const b0 = buffers[0];
    const b1 = buffers[1];
    const stored1 = new Uint8Array(b1?.length ?? 0);
    for (let i0 = 0; i0 < 3; i0++) {
    for (let i1 = 0; i1 < 4; i1++) {
    let v0 = 0;
    { const a = 2 + 1 * i0 + 3 * i1;
    if (!(a >= 0 && a < b0.length)) outside("loads", 0, a, b0.length);
    v0 = b0[a]; }
    const v1 = 0.5;
    const v2 = v0 * v1;
    { const a = 0 + 4 * i0 + 1 * i1;
    if (!(a >= 0 && a < b1.length)) outside("stores", 1, a, b1.length);
    if (stored1[a]) twice(1, a);
    stored1[a] = 1;
    b1[a] = v2; }
    }}"
  `);
});
