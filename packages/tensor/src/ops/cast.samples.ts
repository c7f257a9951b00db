import { floatToHalf, halfToFloat } from "../half.ts";
import { bool, f16, f32, given, i32, pointwise, samples, u32, type Input } from "@multiway/testing/op-samples";
import type { DType } from "../dtype.ts";

const saturate = (low: number, high: number) => (x: number) => (Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), low), high));
const every: (readonly Input[])[] = [[f32([2, 3], [-5, 5])], [i32([5])], [bool([4])], [f16([5], [-4, 4])], [f32([0])], [f32([])]];
const casts = (dtype: DType, f: (x: number) => number, inputs: readonly (readonly Input[])[], gradient: 0 | 2 = 0) =>
  samples(`cast to ${dtype}`, { run: ([x]) => x!.cast(dtype), expected: pointwise(f, dtype), samples: inputs, gradient, precision: dtype === "f16" ? "exact" : "elementwise" });

export const toF32 = casts("f32", (x) => x, [...every, [u32([3], [0, 4000000])]], 2);
export const toI32 = casts("i32", saturate(-2147483648, 2147483647), [...every, [given(3e9, -3e9, NaN, Infinity, -1.9)], [u32([4], { list: [0, 5, 2147483647, 100] })]]);
export const toU32 = casts("u32", saturate(0, 4294967295), [...every.map((inputs) => inputs.map((input) => (input.dtype === "i32" ? i32([5], [0, 50]) : input))), [given(5e9, -1, NaN, 2.9)]]);
export const toBool = casts("bool", (x) => Number(x !== 0), [...every, [given(0, -0, 0.25, NaN)], [u32([4], [0, 2])]]);
// 2049 lies between two halves, 65519 below what rounds to infinity, 6e-8 among the smallest.
export const toF16 = casts("f16", (x) => halfToFloat(floatToHalf(x)), [...every, [given(2049, 65519, 65520, 6e-8, -1e-9, 0.1)], [u32([3])]]);
export const halfAndBack = samples("cast to f16 and back", { run: ([x]) => x!.cast("f16").cast("f32"), expected: pointwise((x) => halfToFloat(floatToHalf(x)), "f32"), samples: [[f32([2, 7])]], precision: "half" });

const words = new DataView(new ArrayBuffer(4));
export const bitcast = samples("bitcast", {
  run: ([x]) => [x!.bitcast("i32"), x!.bitcast("u32"), x!.bitcast("i32").bitcast("f32")],
  expected: ([x]) => [pointwise((value) => (words.setFloat32(0, value), words.getInt32(0)), "i32")([x!]), pointwise((value) => (words.setFloat32(0, value), words.getUint32(0)), "u32")([x!]), x!],
  samples: [[f32([2, 3])], [f32([0])]],
  precision: "exact",
  failures: [{ inputs: [bool([2])], run: ([x]) => x!.bitcast("i32"), message: "bitcast: x is bool; expected f32, i32, u32." }],
});
