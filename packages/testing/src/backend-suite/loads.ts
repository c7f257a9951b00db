import { bytesOf, type DType, type HostArray } from "@multiway/tensor/device";
import { exactly } from "../compare.ts";
import { Code, contiguous, input, loop, output, reads, single, writes } from "./build.ts";
import { keyOf, product, rounded, type ProgramCase } from "./case.ts";

const group = "loads and stores";

export function numbersFor(dtype: DType, name: string, count: number): HostArray {
  const key = keyOf(name);
  if (dtype === "f32") return key.normal(count);
  if (dtype === "i32") return Int32Array.from(key.bits(count));
  if (dtype === "u32") return key.bits(count);
  if (dtype === "bool") return key.bits(count).map((word) => word & 1);
  // Half floats between 1/16 and 2 of both signs: exponents 11 to 15, of which 15 is the bias.
  return Uint16Array.from(key.bits(count), (word) => (word & 0x83ff) | ((11 + ((word >>> 16) % 5)) << 10));
}

interface View {
  name: string;
  shape: readonly number[];
  strides: readonly number[];
  offset?: number;
  /** Elements in the buffer. */
  length: number;
}

/** Ways to see a buffer; each is loaded through, and those that reach each element once are stored through. */
const views: readonly View[] = [
  { name: "0-d", shape: [], strides: [], length: 1 },
  { name: "0-d with an offset", shape: [], strides: [], offset: 3, length: 5 },
  { name: "1-d", shape: [257], strides: [1], length: 257 },
  { name: "2-d", shape: [5, 7], strides: [7, 1], length: 35 },
  { name: "3-d", shape: [3, 5, 7], strides: [35, 7, 1], length: 105 },
  { name: "4-d", shape: [2, 3, 5, 7], strides: [105, 35, 7, 1], length: 210 },
  { name: "5-d", shape: [2, 2, 3, 2, 5], strides: [60, 30, 10, 5, 1], length: 120 },
  { name: "6-d", shape: [2, 3, 2, 2, 3, 2], strides: [72, 24, 12, 6, 2, 1], length: 144 },
  { name: "extents of 1", shape: [1, 5, 1, 3, 1], strides: [15, 3, 3, 1, 1], length: 15 },
  { name: "transposed", shape: [7, 13], strides: [1, 7], length: 91 },
  { name: "6-d reversed axes", shape: [2, 3, 2, 2, 3, 2], strides: [1, 2, 6, 12, 24, 72], length: 144 },
  { name: "4-d permuted", shape: [3, 2, 8, 5], strides: [8, 24, 1, 48], length: 240 },
  { name: "broadcast inner", shape: [5, 9], strides: [1, 0], length: 5 },
  { name: "broadcast outer", shape: [5, 9], strides: [0, 1], length: 9 },
  { name: "broadcast middle", shape: [3, 4, 5], strides: [5, 0, 1], length: 15 },
  { name: "broadcast all", shape: [5, 9], strides: [0, 0], offset: 1, length: 2 },
  { name: "negative", shape: [19], strides: [-1], offset: 18, length: 19 },
  { name: "negative outer", shape: [4, 5], strides: [-5, 1], offset: 15, length: 20 },
  { name: "negative both", shape: [4, 5], strides: [-5, -1], offset: 19, length: 20 },
  { name: "every second", shape: [6, 5], strides: [10, 2], offset: 1, length: 60 },
  { name: "a window of a wider matrix", shape: [4, 3], strides: [11, 1], offset: 25, length: 66 },
  { name: "rows of 8 at a multiple of 4", shape: [6, 8], strides: [16, 1], offset: 4, length: 100 },
  { name: "rows of 8 at an odd offset", shape: [6, 8], strides: [17, 1], offset: 3, length: 110 },
];

const tinyViews: ReadonlySet<string> = new Set(["0-d", "1-d", "6-d", "transposed", "broadcast middle", "negative outer", "every second"]);

function viewCases(): ProgramCase[] {
  const dtypes: readonly DType[] = ["f32", "f16", "i32", "u32", "bool"];
  const loads = views.flatMap((view) => dtypes.map((dtype): ProgramCase => ({
    kind: "program", group, name: `load ${dtype}, ${view.name}`, quick: dtype === "f32" || tinyViews.has(view.name),
    body: () => {
      const code = new Code();
      const value = code.load(dtype, 0, view.strides, view.offset);
      const result = dtype === "f16" ? "f32" : dtype;
      const kernel = loop(`load ${dtype}`, {
        buffers: [...reads(dtype), ...writes(result)], extents: view.shape, body: code.instructions,
        stores: [{ access: { buffer: 1, offset: 0, strides: contiguous(view.shape) }, value }],
      });
      return single(kernel, [input(dtype, numbersFor(dtype, view.name, view.length)), output(result, view.shape, exactly)]);
    },
  })));
  const stores = views.filter(({ strides, shape }) => strides.every((stride, axis) => stride !== 0 || shape[axis] === 1)).map((view): ProgramCase => ({
    kind: "program", group, name: `store, ${view.name}`, quick: tinyViews.has(view.name),
    body: () => {
      const code = new Code();
      const value = code.load("f32", 0, contiguous(view.shape));
      const kernel = loop("store", {
        buffers: [...reads("f32"), ...writes("f32")], extents: view.shape, body: code.instructions,
        stores: [{ access: { buffer: 1, offset: view.offset ?? 0, strides: view.strides }, value }],
      });
      // What is not stored stays as it was.
      const before = numbersFor("f32", "before", view.length);
      return single(kernel, [input("f32", numbersFor("f32", view.name, product(view.shape))), { dtype: "f32", shape: [view.length], data: before, check: exactly }]);
    },
  }));
  return [...loads, ...stores];
}

function guardCases(): ProgramCase[] {
  const padded = (name: string, far: number): ProgramCase => ({
    kind: "program", group, name, quick: true,
    body: () => {
      // Rows 2 to 4 and columns 1 to 5 of the result come from a [3, 5] matrix, the rest is padding.
      const code = new Code();
      const [row, column] = [code.index(0), code.index(1)];
      const inside = [["greaterEqual", row, 2], ["less", row, 5], ["greaterEqual", column, 1], ["less", column, 6]] as const;
      const guard = inside.map(([op, x, limit]) => code.binary(op, x, code.constant("i32", limit))).reduce((x, y) => code.binary("and", x, y));
      const value = code.load("f32", 0, [5 + far, 1], -11 - 2 * far, guard);
      const kernel = loop("pad", { buffers: [...reads("f32"), ...writes("f32")], extents: [7, 7], body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [7, 1] }, value }] });
      return single(kernel, [input("f32", numbersFor("f32", name, 15 + 2 * far)), output("f32", [7, 7], exactly)]);
    },
  });
  const never: ProgramCase = {
    kind: "program", group, name: "a guard that is never true, far outside the buffer", quick: true,
    body: () => {
      const code = new Code();
      const guard = code.constant("bool", 0);
      const far = code.load("f32", 0, [1 << 20], 1 << 28, guard);
      const before = code.load("i32", 1, [-1000], -1, guard);
      const half = code.load("f16", 2, [1], 1 << 27, guard);
      const value = code.binary("add", code.binary("add", far, half), code.cast("f32", before));
      const kernel = loop("never", { buffers: [...reads("f32", "i32", "f16"), ...writes("f32")], extents: [100], body: code.instructions, stores: [{ access: { buffer: 3, offset: 0, strides: [1] }, value }] });
      return single(kernel, [input("f32", Float32Array.of(NaN)), input("i32", Int32Array.of(7)), input("f16", Uint16Array.of(0x7e00)), output("f32", [100], exactly)]);
    },
  };
  const joined = (dtype: DType): ProgramCase => ({
    kind: "program", group, name: `concatenation of ${dtype} by guards`, quick: dtype === "f16" || dtype === "bool",
    body: () => {
      const code = new Code();
      const first = code.binary("less", code.index(1), code.constant("i32", 3));
      const x = code.load(dtype, 0, [3, 1], 0, first);
      const y = code.load(dtype, 1, [4, 1], -3, code.unary("not", first));
      const value = code.select(first, x, y);
      const result = dtype === "f16" ? "f32" : dtype;
      const kernel = loop("concatenate", { buffers: [...reads(dtype, dtype), ...writes(result)], extents: [5, 7], body: code.instructions, stores: [{ access: { buffer: 2, offset: 0, strides: [7, 1] }, value }] });
      return single(kernel, [input(dtype, numbersFor(dtype, "first", 15)), input(dtype, numbersFor(dtype, "second", 20)), output(result, [5, 7], exactly)]);
    },
  });
  return [padded("padding", 0), padded("padding with a wide row stride", 6), never, ...(["f32", "f16", "i32", "u32", "bool"] as const).map(joined)];
}

function extentCases(): ProgramCase[] {
  const shapes: readonly (readonly number[])[] = [[0], [1], [2], [3], [31], [64], [65], [257], [1021], [70001], [0, 5], [5, 0], [3, 0, 4], [1, 1], [131, 3], [1, 70001], [70001, 1], [3, 66003], [66003, 3], [41, 43, 47], [2, 3, 2, 5, 2, 3]];
  const counts = [...shapes, [4_300_007]].map((extents): ProgramCase => ({
    kind: "program", group, name: `indices of extents [${extents.join(", ")}]`, quick: product(extents) < 300_000,
    body: () => {
      const code = new Code();
      // Digits of the index in base 31, so that a swap of two axes shows.
      let value = code.constant("i32", 7);
      extents.forEach((_, axis) => (value = code.binary("add", code.binary("multiply", value, code.constant("i32", 31)), code.index(axis))));
      const kernel = loop("indices", { buffers: writes("i32"), extents, body: code.instructions, stores: [{ access: { buffer: 0, offset: 0, strides: contiguous(extents) }, value }] });
      return single(kernel, [output("i32", extents, exactly)]);
    },
  }));
  const adds = [[0], [1], [3], [257], [66003, 3]].map((extents): ProgramCase => ({
    kind: "program", group, name: `a + b of extents [${extents.join(", ")}]`, quick: true,
    body: () => {
      const code = new Code();
      const strides = contiguous(extents);
      const value = code.binary("add", code.load("f32", 0, strides), code.load("f32", 1, strides));
      const kernel = loop("add", { buffers: [...reads("f32", "f32"), ...writes("f32")], extents, body: code.instructions, stores: [{ access: { buffer: 2, offset: 0, strides }, value }] });
      const count = product(extents);
      return single(kernel, [input("f32", numbersFor("f32", "a", count)), input("f32", numbersFor("f32", "b", count)), output("f32", extents, rounded)]);
    },
  }));
  return [...counts, ...adds];
}

function severalStores(): ProgramCase[] {
  return [
    {
      kind: "program", group, name: "stores of several types to several buffers", quick: true,
      body: () => {
        const code = new Code();
        const x = code.load("f32", 0, [5, 1]);
        const whole = code.cast("i32", code.binary("multiply", x, code.constant("f32", 100)));
        const values = [code.unary("negate", x), whole, code.bitcast("u32", x), code.binary("greater", x, code.constant("f32", 0))];
        const dtypes = ["f32", "i32", "u32", "bool"] as const;
        const kernel = loop("several", {
          buffers: [...reads("f32"), ...writes(...dtypes)], extents: [13, 5], body: code.instructions,
          stores: values.map((value, position) => ({ access: { buffer: 1 + position, offset: 0, strides: position === 2 ? [1, 13] : [5, 1] }, value })),
        });
        // Eighths times 100 are exact in f32, so truncation agrees everywhere.
        const data = numbersFor("f32", "several", 65).map((x) => Math.round(x * 8) / 8) as Float32Array;
        return single(kernel, [input("f32", data), ...dtypes.map((dtype) => output(dtype, [65], exactly))]);
      },
    },
    {
      kind: "program", group, name: "two stores to one buffer", quick: true,
      body: () => {
        const code = new Code();
        const x = code.load("f32", 0, [1]);
        const kernel = loop("interleave", {
          buffers: [...reads("f32"), ...writes("f32")], extents: [101], body: code.instructions.concat({ op: "negate", type: "f32", x }),
          stores: [{ access: { buffer: 1, offset: 0, strides: [2] }, value: x }, { access: { buffer: 1, offset: 1, strides: [2] }, value: x + 1 }],
        });
        return single(kernel, [input("f32", numbersFor("f32", "interleave", 101)), output("f32", [101, 2], exactly)]);
      },
    },
    {
      kind: "program", group, name: "in place, every second element", quick: true,
      body: () => {
        const code = new Code();
        const value = code.binary("multiply", code.load("f32", 0, [2], 1), code.constant("f32", 3));
        const kernel = loop("triple", { buffers: [{ dtype: "f32", access: "readwrite" }], extents: [50], body: code.instructions, stores: [{ access: { buffer: 0, offset: 1, strides: [2] }, value }] });
        return single(kernel, [{ dtype: "f32", shape: [101], data: numbersFor("f32", "triple", 101), check: rounded }]);
      },
    },
    {
      kind: "program", group, name: "many buffers in one kernel", quick: true,
      body: () => {
        const code = new Code();
        const loads = Array.from({ length: 6 }, (_, buffer) => code.load("f32", buffer, buffer % 2 ? [0, 1] : [11, 1]));
        const value = loads.reduce((x, y) => code.binary("subtract", x, y));
        const kernel = loop("six", { buffers: [...reads(...loads.map(() => "f32" as const)), ...writes("f32")], extents: [9, 11], body: code.instructions, stores: [{ access: { buffer: 6, offset: 0, strides: [11, 1] }, value }] });
        return single(kernel, [...loads.map((_, position) => input("f32", numbersFor("f32", `six ${position}`, position % 2 ? 11 : 99))), output("f32", [9, 11], { relative: 1e-5, absolute: 1e-5 })]);
      },
    },
  ];
}

function halfCases(): ProgramCase[] {
  // All kinds: zeros, the smallest and largest subnormal, the smallest and largest normal, infinities, NaN.
  const kinds = [0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x3555];
  return [13, 14].map((count): ProgramCase => ({
    kind: "program", group, name: `all kinds of half floats, ${count} of them (${count * bytesOf("f16")} bytes)`, quick: true,
    body: () => {
      const code = new Code();
      const value = code.load("f16", 0, [-1], count - 1);
      const kernel = loop("widen", { buffers: [...reads("f16"), ...writes("f32")], extents: [count], body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value }] });
      return single(kernel, [input("f16", Uint16Array.from(kinds.slice(0, count))), output("f32", [count], exactly)]);
    },
  }));
}

export const loadCases = (): ProgramCase[] => [...viewCases(), ...guardCases(), ...extentCases(), ...severalStores(), ...halfCases()];
