import type { DType } from "@multiway/tensor/device";
import { exactly } from "../compare.ts";
import { ops } from "./build.ts";
import { keyOf, summed, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

function gatherCases(): ProgramCase[] {
  const of = (name: string, dtype: DType, rows: number, width: number, indices: () => Int32Array, options: { quick?: boolean; stride?: number; offset?: number; indexStride?: number } = {}): ProgramCase => {
    const { quick = true, stride = width, offset = 0, indexStride = 1 } = options;
    return {
      kind: "program", group: "gather", name: `${name} of ${dtype}`, quick,
      body: () => {
        const list = indices();
        const count = Math.ceil(list.length / indexStride);
        return ops(
          [{ dtype, shape: [rows, width], strides: [stride, 1], offset, data: numbersFor(dtype, name, offset + rows * stride) }, { dtype: "i32", shape: [count], strides: [indexStride], data: list }],
          [{ op: "gather", inputs: [0, 1], results: [{ dtype: dtype === "f16" ? "f32" : dtype, shape: [count, width], check: exactly }] }],
        );
      },
    };
  };
  const drawn = (name: string, count: number, rows: number) => () => Int32Array.from(keyOf(`${name} indices`).bits(count), (word) => word % rows);
  const outside = () => Int32Array.of(0, -1, 12, 13, 5, -2147483648, 2147483647, 5, 14, -13);
  return [
    ...(["f32", "f16", "i32", "u32", "bool"] as const).flatMap((dtype) => [
      of("rows of 5", dtype, 13, 5, drawn("five", 31, 13)),
      of("indices outside", dtype, 13, 3, outside),
      of("strided rows at an odd offset", dtype, 13, 7, drawn("strided", 17, 13), { stride: 11, offset: 3, quick: dtype === "f16" }),
    ]),
    of("rows of 1", "f32", 1000, 1, drawn("one", 100, 1000)),
    of("rows of 64", "f32", 50, 64, drawn("wide", 33, 50)),
    of("rows of 768", "f32", 20, 768, drawn("embedding", 12, 20), { quick: false }),
    of("rows of 64", "f16", 50, 64, drawn("wide", 33, 50)),
    of("one row", "f32", 9, 8, () => Int32Array.of(8)),
    of("no indices", "f32", 9, 8, () => new Int32Array(0)),
    of("an empty table", "f32", 0, 4, () => Int32Array.of(0, 1, -1)),
    of("rows of 0", "f32", 4, 0, () => Int32Array.of(0, 1)),
    of("every second index", "f32", 9, 4, drawn("second", 21, 9), { indexStride: 2 }),
    of("many rows of 2", "f32", 7, 2, drawn("many", 70_001, 7), { quick: false }),
  ];
}

function scatterAddCases(): ProgramCase[] {
  const of = (name: string, rows: number, width: number, indices: () => Int32Array, options: { quick?: boolean; stride?: number } = {}): ProgramCase => ({
    kind: "program", group: "scatterAdd", name, quick: options.quick ?? true,
    body: () => {
      const list = indices();
      const stride = options.stride ?? width;
      return ops(
        [{ dtype: "i32", shape: [list.length], data: list }, { dtype: "f32", shape: [list.length, width], strides: [stride, 1], data: numbersFor("f32", name, list.length * stride) }],
        [{ op: "scatterAdd", attributes: { rows }, inputs: [0, 1], results: [{ dtype: "f32", shape: [rows, width], check: summed }] }],
      );
    },
  });
  const drawn = (name: string, count: number, rows: number) => () => Int32Array.from(keyOf(`${name} indices`).bits(count), (word) => word % rows);
  return [
    of("each row once", 9, 5, () => Int32Array.from(keyOf("once").permutation(9))),
    of("repeated rows", 4, 7, drawn("repeated", 50, 4)),
    of("one row only", 3, 5, () => new Int32Array(300).fill(1)),
    of("rows that nothing reaches", 40, 3, drawn("few", 7, 40)),
    of("indices outside", 5, 4, () => Int32Array.of(0, -1, 5, 4, 4, 2147483647, -2147483648, 0)),
    of("every index outside", 5, 4, () => Int32Array.of(-1, 5)),
    of("no updates", 5, 3, () => new Int32Array(0)),
    of("no rows", 0, 3, () => Int32Array.of(0, 1)),
    of("rows of 0", 5, 0, () => Int32Array.of(0, 1)),
    of("rows of 1", 30, 1, drawn("one", 200, 30)),
    of("strided updates", 6, 5, drawn("strided", 23, 6), { stride: 9 }),
    of("rows of 768", 20, 768, drawn("wide", 40, 20), { quick: false }),
    of("many updates", 50, 8, drawn("many", 5000, 50), { quick: false }),
  ];
}

function packHalfCases(): ProgramCase[] {
  const of = (name: string, x: () => Float32Array, quick = true, stride = 1): ProgramCase => ({
    kind: "program", group: "packHalf", name, quick,
    body: () => {
      const data = x();
      const count = Math.ceil(data.length / stride);
      return ops([{ dtype: "f32", shape: [count], strides: [stride], data }], [{ op: "packHalf", inputs: [0], results: [{ dtype: "f16", shape: [count], check: exactly }] }]);
    },
  });
  const kinds = [
    0, -0, 1, -1, 65504, -65504, 65519.99, 65520, -65520, 1e10, Infinity, -Infinity, NaN,
    // Halfway between neighbours, to the even one; then just beside.
    2049, 2051, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 1 + 2 ** -11 - 2 ** -20, 2047.75, 2047.5,
    // Subnormal halves, their smallest, and what rounds to 0.
    2 ** -14, 2 ** -14 - 2 ** -25, 2 ** -15, 2 ** -24, 1.5 * 2 ** -24, 2.5 * 2 ** -24, 2 ** -25, 2 ** -25 + 2 ** -40, -(2 ** -25), 1e-10, 0.1, 1 / 3,
  ];
  return [
    of("all kinds", () => Float32Array.from(kinds)),
    of("all kinds negated", () => Float32Array.from(kinds, (x) => -x)),
    of("1", () => Float32Array.of(0.3)), of("2", () => Float32Array.of(0.3, -7)), of("none", () => new Float32Array(0)),
    of("1001", () => keyOf("half").normal(1001)),
    of("100003", () => keyOf("half").normal(100_003), false),
    of("every third", () => keyOf("half").normal(100), true, 3),
    of("all magnitudes", () => Float32Array.from(keyOf("magnitudes").uniform(500, -26, 17), (exponent, index) => (index % 2 ? -1 : 1) * 2 ** exponent)),
  ];
}

export const indexCases = (): ProgramCase[] => [...gatherCases(), ...scatterAddCases(), ...packHalfCases()];
