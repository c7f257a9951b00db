import type { DType, HostArray } from "@multiway/tensor/device";
import { exactly, type Tolerance } from "../compare.ts";
import { contiguous, ops, type Tensor } from "./build.ts";
import { keyOf, product, summed, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

const tensor = (dtype: DType, name: string, shape: readonly number[]): Tensor => ({ dtype, shape, data: numbersFor(dtype, name, product(shape)) });

function layerNormCases(): ProgramCase[] {
  const group = "layerNorm";
  const check: Tolerance = { relative: 1e-4, absolute: 5e-5 };
  const of = (name: string, x: () => Tensor, options: { gain?: DType; tolerance?: Tolerance; quick?: boolean } = {}): ProgramCase[] => {
    const { gain = "f32", tolerance = check, quick = true } = options;
    return [false, true].map((isBackward) => ({
      kind: "program", group, name: isBackward ? `${name}, backward` : name, quick,
      body: () => {
        const input = x();
        const [rows, width] = input.shape as [number, number];
        const attributes = { epsilon: 1e-5 };
        const tensors = [input, tensor(gain, `${name} gain`, [width]), tensor(gain, `${name} offset`, [width]), tensor("f32", `${name} gradient`, [rows, width])];
        const forward = { op: "layerNorm", attributes, inputs: [0, 1, 2], results: [[rows, width], [rows], [rows]].map((shape) => ({ dtype: "f32" as const, shape, check: tolerance })) };
        const backward = { op: "layerNormBackward", inputs: [0, 1, 5, 6, 3], results: [{ dtype: "f32" as const, shape: [rows, width], check: tolerance }] };
        return ops(isBackward ? tensors : tensors.slice(0, 3), isBackward ? [forward, backward] : [forward]);
      },
    }));
  };
  return [
    ...[[1, 1], [3, 5], [17, 128], [5, 768], [0, 5], [1, 1000], [257, 3], [2, 64], [3, 67]].flatMap(([rows, width]) =>
      of(`${rows} × ${width}`, () => tensor("f32", `norm ${width}`, [rows!, width!]), { tolerance: width === 1 ? { relative: 1e-4, absolute: 1e-2 } : check, quick: width !== 1000 })),
    ...of("strided rows", () => ({ dtype: "f32", shape: [6, 10], strides: [17, 1], offset: 3, data: numbersFor("f32", "strided", 3 + 6 * 17) })),
    ...of("one row repeated", () => ({ dtype: "f32", shape: [4, 12], strides: [0, 1], data: numbersFor("f32", "repeated", 12) }), { quick: false }),
    ...of("f16", () => tensor("f16", "halves", [5, 33]), { gain: "f16" }),
    // A variance taken as E[x²] − E[x]² in f32 would be wrong by more than all of it.
    ...of("numbers far from 0", () => ({ dtype: "f32", shape: [4, 96], data: numbersFor("f32", "far", 384).map((x) => Math.fround(x + 3000)) as Float32Array }), { tolerance: { relative: 2e-3, absolute: 4e-3 } }),
  ];
}

function crossEntropyCases(): ProgramCase[] {
  const group = "crossEntropy";
  const of = (name: string, rows: number, classes: number, options: { smoothing?: number; dtype?: DType; scale?: number; ignored?: number; stride?: number; quick?: boolean } = {}): ProgramCase[] => {
    const { smoothing = 0, dtype = "f32", scale = 1, ignored = 0.2, stride = classes, quick = true } = options;
    return [false, true].map((isBackward) => ({
      kind: "program", group, name: isBackward ? `${name}, backward` : name, quick,
      body: () => {
        const data = numbersFor(dtype, `${name} logits`, rows * stride);
        if (scale !== 1) data.forEach((x, index) => (data[index] = x * scale));
        const key = keyOf(`${name} targets`);
        const skips = key.uniform(rows);
        const targets = Int32Array.from(key.fold(1).bits(rows), (word, row) => (skips[row]! < ignored ? -1 - (word % 100) : word % classes));
        const tensors: Tensor[] = [{ dtype, shape: [rows, classes], strides: [stride, 1], data }, { dtype: "i32", shape: [rows], data: targets }, tensor("f32", `${name} gradient`, [rows])];
        const attributes = { labelSmoothing: smoothing };
        const check = { relative: 1e-4, absolute: 2e-5 * Math.max(1, scale) };
        const forward = { op: "crossEntropy", attributes, inputs: [0, 1], results: [[rows], [rows]].map((shape) => ({ dtype: "f32" as const, shape, check })) };
        // Probabilities of many classes are small; the absolute part must not hide them.
        const backward = { op: "crossEntropyBackward", attributes, inputs: [0, 1, 4, 2], results: [{ dtype: "f32" as const, shape: [rows, classes], check: { relative: 1e-4, absolute: 1e-7 * Math.max(1, scale) } }] };
        return ops(isBackward ? tensors : tensors.slice(0, 2), isBackward ? [forward, backward] : [forward]);
      },
    }));
  };
  return [
    ...of("2 classes", 7, 2), ...of("257 classes", 13, 257), ...of("2000 classes", 3, 2000), ...of("1 class", 5, 1), ...of("no rows", 0, 9), ...of("one row of 64", 1, 64, { ignored: 0 }),
    ...of("every target negative", 5, 17, { ignored: 1 }),
    ...of("label smoothing", 11, 37, { smoothing: 0.1 }), ...of("label smoothing, 2000 classes", 3, 2000, { smoothing: 0.2, quick: false }), ...of("label smoothing 1", 4, 6, { smoothing: 1, quick: false }),
    ...of("f16 logits", 6, 33, { dtype: "f16", smoothing: 0.1 }), ...of("large logits", 6, 50, { scale: 60 }), ...of("strided rows", 5, 21, { stride: 30 }), ...of("many rows", 300, 5, { quick: false }),
  ];
}

function sortCases(): ProgramCase[] {
  const of = (name: string, rows: number, length: number, dtype: "f32" | "i32" | "u32", data: () => HostArray, quick = true, strides: readonly number[] = contiguous([rows, length])): ProgramCase[] =>
    [false, true].map((descending) => ({
      kind: "program", group: "sort", name: `${name}, ${descending ? "descending" : "ascending"}`, quick,
      body: () => ops([{ dtype, shape: [rows, length], strides, data: data() }], [{ op: "sort", attributes: { descending }, inputs: [0], results: [dtype, "i32" as const].map((type) => ({ dtype: type, shape: [rows, length], check: exactly })) }]),
    }));
  const normal = (name: string, count: number) => () => numbersFor("f32", name, count);
  const ties = (count: number) => () => Float32Array.from(keyOf("ties").bits(count), (word) => (word % 10) - 5);
  return [
    ...([[1, 1], [3, 2], [3, 7], [2, 64], [1, 257], [5, 31], [0, 5], [4, 0]] as const).flatMap(([rows, length]) => of(`f32 [${rows}, ${length}]`, rows, length, "f32", normal(`sort ${length}`, rows * length))),
    ...of("f32 [2, 1000]", 2, 1000, "f32", normal("sort 1000", 2000), false),
    ...of("f32 [1, 5000]", 1, 5000, "f32", normal("sort 5000", 5000), false),
    ...of("f32 [300, 9]", 300, 9, "f32", normal("sort 9", 2700), false),
    ...of("ties keep their order", 3, 100, "f32", ties(300)),
    ...of("many ties", 1, 700, "f32", ties(700), false),
    ...of("all equal", 2, 65, "f32", () => new Float32Array(130).fill(3)),
    ...of("sorted already", 1, 130, "f32", () => Float32Array.from({ length: 130 }, (_, index) => index)),
    ...of("reversed", 1, 130, "f32", () => Float32Array.from({ length: 130 }, (_, index) => -index)),
    ...of("NaN, infinities and zeros of both signs", 2, 13, "f32", () => Float32Array.of(1, NaN, -Infinity, 0, -0, Infinity, NaN, -1, 0, -0, Infinity, NaN, 2, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, NaN, 5)),
    ...of("NaN of both signs", 1, 6, "f32", () => new Float32Array(Uint32Array.of(0x7fc00000, 0x3f800000, 0xffc00000, 0xbf800000, 0x7f800001, 0).buffer)),
    ...of("i32", 3, 50, "i32", () => Int32Array.from(keyOf("sort i32").bits(150), (word, index) => (index % 3 ? word | 0 : word % 4))),
    ...of("i32 extremes", 1, 5, "i32", () => Int32Array.of(2147483647, -2147483648, 0, -1, 2147483647)),
    ...of("u32", 3, 50, "u32", () => keyOf("sort u32").bits(150)),
    ...of("u32 extremes", 1, 5, "u32", () => Uint32Array.of(4294967295, 0, 2147483648, 2147483647, 4294967295)),
    ...of("strided rows", 4, 9, "f32", normal("sort strided", 60), true, [15, 1]),
  ];
}

function cumulativeSumCases(): ProgramCase[] {
  const of = (name: string, rows: number, length: number, dtype: "f32" | "i32", quick = true, strides: readonly number[] = contiguous([rows, length])): ProgramCase => ({
    kind: "program", group: "cumulativeSum", name: `${name} of ${dtype}`, quick,
    body: () => {
      const count = Math.max(0, ...strides) * rows;
      const data = dtype === "f32" ? keyOf(name).uniform(count, 0, 1) : numbersFor("i32", name, count);
      return ops([{ dtype, shape: [rows, length], strides, data }], [{ op: "cumulativeSum", inputs: [0], results: [{ dtype, shape: [rows, length], check: dtype === "f32" ? summed : exactly }] }]);
    },
  });
  return [
    ...([[1, 1], [3, 7], [1, 64], [5, 257], [2, 5000], [0, 3], [3, 0], [257, 5]] as const).flatMap(([rows, length]) => (["f32", "i32"] as const).map((dtype) => of(`[${rows}, ${length}]`, rows, length, dtype, length < 1000 || dtype === "f32"))),
    of("strided rows", 4, 9, "f32", true, [15, 1]),
  ];
}

export const rowCases = (): ProgramCase[] => [...layerNormCases(), ...crossEntropyCases(), ...sortCases(), ...cumulativeSumCases()];
