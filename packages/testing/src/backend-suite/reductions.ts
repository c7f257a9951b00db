import type { Combine, DType, HostArray, RegisterType } from "@multiway/tensor/device";
import { exactly } from "../compare.ts";
import { Code, contiguous, input, loop, output, reads, single, writes } from "./build.ts";
import { keyOf, product, summed, toleranceOf, type CaseBody, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

const group = "reductions";
const numeric: readonly Combine[] = ["sum", "product", "maximum", "minimum", "argMax", "argMin"];

const resultOf = (combine: Combine, type: RegisterType): RegisterType => (combine === "argMax" || combine === "argMin" ? "i32" : type);

/** Reduces some axes of a contiguous tensor. */
function reduceAxes(combine: Combine, dtype: DType, shape: readonly number[], axes: readonly number[], data: HostArray): CaseBody {
  const type = dtype === "f16" ? "f32" : dtype;
  const strides = contiguous(shape);
  const kept = shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const inner = new Code();
  const value = inner.load(dtype, 0, order.map((axis) => strides[axis]!));
  const code = new Code();
  const result = resultOf(combine, type);
  const extents = kept.map((axis) => shape[axis]!);
  const kernel = loop(`${combine} ${dtype} [${shape.join(",")}] over ${axes.join(",")}`, {
    buffers: [...reads(dtype), ...writes(result)], extents,
    reduction: { extents: axes.map((axis) => shape[axis]!), body: inner.instructions, results: [{ combine, value }] },
    body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: contiguous(extents) }, value: code.reduced(result, 0) }],
  });
  const check = combine === "maximum" || combine === "minimum" ? exactly : toleranceOf(result, summed);
  return single(kernel, [input(dtype, data, shape), output(result, extents, check)]);
}

/** Products stay near 1, extremes have ties, sums of integers wrap. */
function dataFor(combine: Combine, dtype: DType, name: string, count: number): HostArray {
  const key = keyOf(name);
  if (dtype === "bool") return Uint32Array.from(key.uniform(count), (x) => Number(x < (combine === "any" ? 0.02 : 0.98)));
  if (dtype === "f16" || combine === "sum") return numbersFor(dtype, name, count);
  if (dtype === "f32" && combine === "product") return key.uniform(count, 0.8, 1.25);
  if (combine === "product") return dtype === "i32" ? Int32Array.from(key.bits(count), (word) => (word % 7) - 3 || 5) : Uint32Array.from(key.bits(count), (word) => (word % 5) * 2 + 1);
  const whole = [...key.bits(count)].map((word) => word % 50);
  return dtype === "f32" ? Float32Array.from(whole, (x) => x - 25) : dtype === "i32" ? Int32Array.from(whole, (x) => x - 25) : Uint32Array.from(whole, (x) => x + 0xffff_ff00);
}

function axisCases(): ProgramCase[] {
  const shape = [5, 7, 11];
  const patterns: readonly (readonly [string, readonly number[]])[] = [["inner", [2]], ["outer", [0]], ["middle", [1]], ["outer and inner", [0, 2]], ["outer and middle", [0, 1]], ["all", [0, 1, 2]], ["all, in another order", [2, 0, 1]]];
  const of = (combine: Combine, dtype: DType): ProgramCase[] => patterns.map(([name, axes]) => ({
    kind: "program", group, name: `${combine} of ${dtype} over ${name}`, quick: dtype === "f32" || axes.length === 1,
    body: () => reduceAxes(combine, dtype, shape, axes, dataFor(combine, dtype, `${combine} ${dtype}`, 385)),
  }));
  return [
    ...numeric.flatMap((combine) => (["f32", "i32", "u32"] as const).flatMap((dtype) => of(combine, dtype))),
    ...(["any", "all"] as const).flatMap((combine) => of(combine, "bool")),
    ...(["sum", "maximum", "argMax"] as const).flatMap((combine) => of(combine, "f16")),
  ];
}

function edgeCases(): ProgramCase[] {
  const cases: ProgramCase[] = [];
  const all: readonly (readonly [Combine, DType])[] = [...numeric.flatMap((combine) => (["f32", "i32", "u32"] as const).map((dtype) => [combine, dtype] as const)), ["any", "bool"], ["all", "bool"]];
  for (const [combine, dtype] of all) {
    for (const [shape, axes] of [[[3, 0], [1]], [[0], [0]], [[4, 0, 3], [1, 2]], [[0, 4], [1]]] as const) {
      cases.push({
        kind: "program", group, name: `${combine} of ${dtype} [${shape.join(", ")}] over ${axes.join(", ")}`, quick: shape.length < 3,
        body: () => reduceAxes(combine, dtype, shape, axes, numbersFor(dtype, "empty", 0)),
      });
    }
  }
  for (const combine of ["maximum", "minimum", "argMax", "argMin", "sum"] as const) {
    for (const [name, axes] of [["inner", [1]], ["outer", [0]], ["all", [0, 1]]] as const) {
      cases.push({
        kind: "program", group, name: `${combine} with NaN and infinities over ${name}`, quick: true,
        body: () => {
          const data = numbersFor("f32", "not numbers", 9 * 70) as Float32Array;
          const places: readonly (readonly [number, number])[] = [[3, NaN], [70 + 69, NaN], [140 + 5, Infinity], [210 + 5, -Infinity], [280 + 5, NaN], [280 + 6, NaN], [350 + 1, Infinity], [350 + 2, NaN], [420 + 64, -Infinity]];
          for (const [index, value] of places) data[index] = value;
          return reduceAxes(combine, "f32", [9, 70], axes, data);
        },
      });
    }
    cases.push({
      kind: "program", group, name: `${combine} of infinities alone`, quick: true,
      body: () => reduceAxes(combine, "f32", [2, 67], [1], Float32Array.from({ length: 134 }, (_, index) => (index < 67 ? -Infinity : Infinity))),
    });
  }
  for (const extents of [[1, 1], [1, 257], [257, 1], [13, 3], [3, 64], [300, 70]] as const) {
    cases.push({ kind: "program", group, name: `rows of [${extents.join(", ")}]`, quick: true, body: () => reduceAxes("sum", "f32", extents, [1], numbersFor("f32", "rows", product(extents))) });
    cases.push({ kind: "program", group, name: `columns of [${extents.join(", ")}]`, quick: false, body: () => reduceAxes("sum", "f32", extents, [0], numbersFor("f32", "rows", product(extents))) });
  }
  return cases;
}

function largeCases(): ProgramCase[] {
  const of = (combine: Combine, dtype: DType, shape: readonly number[], axes: readonly number[], quick: boolean): ProgramCase => ({
    kind: "program", group, name: `${combine} of ${dtype} [${shape.join(", ")}] over ${axes.join(", ")}`, quick,
    body: () => {
      const count = product(shape);
      // Far from 0, so that a device that sums one by one in f32 loses digits and one that sums in parts does not.
      const data = dtype === "f32" && combine === "sum" ? keyOf("large").uniform(count, 0.5, 1.5) : dataFor(combine, dtype, "large", count);
      return reduceAxes(combine, dtype, shape, axes, data);
    },
  });
  return [
    of("sum", "f32", [1_000_000], [0], true),
    of("sum", "i32", [1_000_003], [0], false),
    of("maximum", "f32", [1_000_003], [0], false),
    of("argMax", "f32", [1_000_003], [0], true),
    of("all", "bool", [1_000_003], [0], false),
    of("sum", "f32", [1009, 991], [0], false),
    of("sum", "f32", [1009, 991], [1], false),
    of("sum", "f32", [3, 70_001], [1], true),
    of("sum", "f32", [70_001, 3], [0], true),
    of("sum", "f32", [70_001, 3], [1], true),
    of("argMin", "f32", [2, 300, 500], [1], false),
    of("sum", "f32", [30, 100, 50], [0, 2], false),
  ];
}

function shapedCases(): ProgramCase[] {
  const several: ProgramCase = {
    kind: "program", group, name: "several results of one reduction, and a body after it", quick: true,
    body: () => {
      const inner = new Code();
      const x = inner.load("f32", 0, [70, 1]);
      const squared = inner.binary("multiply", x, x);
      const isPositive = inner.binary("greater", x, inner.constant("f32", 0));
      const column = inner.cast("f32", inner.index(1));
      const code = new Code();
      const mean = code.binary("divide", code.reduced("f32", 0), code.constant("f32", 70));
      const meanSquare = code.binary("divide", code.reduced("f32", 1), code.constant("f32", 70));
      const deviation = code.unary("sqrt", code.binary("subtract", meanSquare, code.binary("multiply", mean, mean)));
      const scaled = code.binary("add", code.binary("multiply", deviation, code.load("f32", 1, [1])), code.cast("f32", code.index(0)));
      const stores = [scaled, code.reduced("i32", 2), code.reduced("bool", 3), code.reduced("f32", 4)];
      const kernel = loop("deviation", {
        buffers: [...reads("f32", "f32"), ...writes("f32", "i32", "bool", "f32")], extents: [33],
        reduction: {
          extents: [70], body: inner.instructions,
          results: [{ combine: "sum", value: x }, { combine: "sum", value: squared }, { combine: "argMax", value: squared }, { combine: "all", value: isPositive }, { combine: "maximum", value: column }],
        },
        body: code.instructions, stores: stores.map((value, position) => ({ access: { buffer: 2 + position, offset: 0, strides: [1] }, value })),
      });
      return single(kernel, [
        input("f32", numbersFor("f32", "several", 33 * 70), [33, 70]), input("f32", numbersFor("f32", "gain", 33)),
        output("f32", [33], summed), output("i32", [33], exactly), output("bool", [33], exactly), output("f32", [33], exactly),
      ]);
    },
  };
  const guarded: ProgramCase = {
    kind: "program", group, name: "a window sum whose edges are guarded", quick: true,
    body: () => {
      const inner = new Code();
      const at = inner.binary("subtract", inner.binary("add", inner.index(1), inner.index(2)), inner.constant("i32", 2));
      const guard = inner.binary("and", inner.binary("greaterEqual", at, inner.constant("i32", 0)), inner.binary("less", at, inner.constant("i32", 40)));
      const value = inner.load("f32", 0, [40, 1, 1], -2, guard);
      const code = new Code();
      const kernel = loop("window", {
        buffers: [...reads("f32"), ...writes("f32")], extents: [3, 40], reduction: { extents: [5], body: inner.instructions, results: [{ combine: "sum", value }] },
        body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [40, 1] }, value: code.reduced("f32", 0) }],
      });
      return single(kernel, [input("f32", numbersFor("f32", "window", 120)), output("f32", [3, 40], summed)]);
    },
  };
  const products: ProgramCase = {
    kind: "program", group, name: "a matrix product as a reduction, stored transposed", quick: true,
    body: () => {
      const inner = new Code();
      const value = inner.binary("multiply", inner.load("f32", 0, [19, 0, 1]), inner.load("f16", 1, [0, 1, 23]));
      const code = new Code();
      const kernel = loop("product", {
        buffers: [...reads("f32", "f16"), ...writes("f32")], extents: [17, 23], reduction: { extents: [19], body: inner.instructions, results: [{ combine: "sum", value }] },
        body: code.instructions, stores: [{ access: { buffer: 2, offset: 0, strides: [1, 17] }, value: code.reduced("f32", 0) }],
      });
      return single(kernel, [input("f32", numbersFor("f32", "left", 17 * 19)), input("f16", numbersFor("f16", "right", 19 * 23)), output("f32", [23, 17], { relative: 1e-4, absolute: 1e-4 })]);
    },
  };
  const everyAxis: ProgramCase = {
    kind: "program", group, name: "three kept and three reduced axes in turn", quick: true,
    body: () => {
      const shape = [2, 3, 4, 2, 5, 3];
      return reduceAxes("argMax", "i32", shape, [1, 3, 5], dataFor("argMax", "i32", "six", product(shape)));
    },
  };
  const negative: ProgramCase = {
    kind: "program", group, name: "argMax over a reversed axis counts in loop order", quick: true,
    body: () => {
      const inner = new Code();
      const value = inner.load("f32", 0, [100, -1], 99);
      const code = new Code();
      const kernel = loop("reversed", {
        buffers: [...reads("f32"), ...writes("i32")], extents: [7], reduction: { extents: [100], body: inner.instructions, results: [{ combine: "argMax", value }] },
        body: code.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: code.reduced("i32", 0) }],
      });
      return single(kernel, [input("f32", dataFor("argMax", "f32", "reversed", 700)), output("i32", [7], exactly)]);
    },
  };
  return [several, guarded, products, everyAxis, negative];
}

export const reductionCases = (): ProgramCase[] => [...axisCases(), ...edgeCases(), ...largeCases(), ...shapedCases()];
