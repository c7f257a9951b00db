import type { DType, LoopKernel } from "@multiway/tensor/device";
import { exactly } from "../compare.ts";
import { Code, input, loop, output, Places, reads, writes } from "./build.ts";
import { close, rounded, type ProgramCase } from "./case.ts";
import { numbersFor } from "./loads.ts";

const group = "programs";

/** y = scale · x + shift */
export function affine(count: number, scale: number, shift: number, access: "apart" | "in place" = "apart"): LoopKernel {
  const code = new Code();
  const x = code.load("f32", 0, [1]);
  const value = code.binary("add", code.binary("multiply", x, code.constant("f32", scale)), code.constant("f32", shift));
  const isApart = access === "apart";
  return loop(`${scale} x + ${shift}`, {
    buffers: isApart ? [...reads("f32"), ...writes("f32")] : [{ dtype: "f32", access: "readwrite" }],
    extents: [count], body: code.instructions, stores: [{ access: { buffer: isApart ? 1 : 0, offset: 0, strides: [1] }, value }],
  });
}

/** z = x + y */
export function sum(count: number): LoopKernel {
  const code = new Code();
  const value = code.binary("add", code.load("f32", 0, [1]), code.load("f32", 1, [1]));
  return loop("x + y", { buffers: [...reads("f32", "f32"), ...writes("f32")], extents: [count], body: code.instructions, stores: [{ access: { buffer: 2, offset: 0, strides: [1] }, value }] });
}

const x = (count: number, name = "x") => input("f32", numbersFor("f32", name, count));

function arenaCases(): ProgramCase[] {
  return [1, 3, 1021, 40_000].map((count): ProgramCase => ({
    kind: "program", group, name: `arena places of ${count} used again`, quick: count < 2000,
    body: (alignment) => {
      const places = new Places(alignment);
      const source = places.binding("f32", count);
      const a = places.arena("f32", count);
      const b = places.arena("f32", count);
      const c = places.arena("f32", count, a);
      const result = places.binding("f32", count);
      // a = 2x + 1, b = a + x, c = −b + 3 in the place of a, b again = c + x, result = c + b
      const kernels = [affine(count, 2, 1), sum(count), affine(count, -1, 3)];
      const steps = [[0, source, a], [1, a, source, b], [2, b, c], [1, c, source, b], [1, c, b, result]].map(([kernel, ...buffers]) => ({ kernel: kernel!, buffers }));
      return { program: places.program(kernels, steps), buffers: [x(count), output("f32", [count], close)] };
    },
  }));
}

function mixedArena(): ProgramCase {
  return {
    kind: "program", group, name: "an arena place used again for other types and sizes", quick: true,
    body: (alignment) => {
      const count = 33;
      const places = new Places(alignment);
      const source = places.binding("f32", count);
      const sums = places.arena("f32", 1);
      const halves = places.arena("f16", count);
      const flags = places.arena("bool", count, halves);
      const wide = places.binding("f32", count);
      const counts = places.binding("i32", 1);
      const layout = (dtype: DType, buffer: number) => ({ buffer, dtype, shape: [count], strides: [1], offset: 0 });
      const copy = new Code();
      const widen = loop("widen", { buffers: [...reads("f16"), ...writes("f32")], extents: [count], body: copy.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [1] }, value: copy.load("f16", 0, [1]) }] });
      const total = new Code();
      const value = total.load("f32", 0, [1]);
      const after = new Code();
      const mean = loop("mean", {
        buffers: [...reads("f32"), ...writes("f32")], extents: [], reduction: { extents: [count], body: total.instructions, results: [{ combine: "sum", value }] },
        body: after.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [] }, value: after.binary("divide", after.reduced("f32", 0), after.constant("f32", count)) }],
      });
      const test = new Code();
      const isAbove = test.binary("greater", test.load("f32", 0, [1]), test.load("f32", 1, [0]));
      const above = loop("above the mean", { buffers: [...reads("f32", "f32"), ...writes("bool")], extents: [count], body: test.instructions, stores: [{ access: { buffer: 2, offset: 0, strides: [1] }, value: isAbove }] });
      const tally = new Code();
      const flag = tally.cast("i32", tally.load("bool", 0, [1]));
      const end = new Code();
      const countAbove = loop("count", {
        buffers: [...reads("bool"), ...writes("i32")], extents: [], reduction: { extents: [count], body: tally.instructions, results: [{ combine: "sum", value: flag }] },
        body: end.instructions, stores: [{ access: { buffer: 1, offset: 0, strides: [] }, value: end.reduced("i32", 0) }],
      });
      const pack = { kind: "op" as const, op: "packHalf", label: "packHalf", attributes: {}, buffers: [...reads("f32"), ...writes("f16")], inputs: [layout("f32", 0)], outputs: [layout("f16", 1)] };
      const steps = [[0, source, halves], [1, halves, wide], [2, source, sums], [3, source, sums, flags], [4, flags, counts]].map(([kernel, ...buffers]) => ({ kernel: kernel!, buffers }));
      return {
        program: places.program([pack, widen, mean, above, countAbove], steps),
        buffers: [x(count), output("f32", [count], { relative: 1e-3, absolute: 1e-6 }), output("i32", [], exactly)],
      };
    },
  };
}

function bindingCases(): ProgramCase[] {
  const count = 100;
  const twoReads: ProgramCase = {
    kind: "program", group, name: "one buffer for two bindings that are read", quick: true,
    body: () => {
      const places = new Places();
      const buffers = [places.binding("f32", count), places.binding("f32", count), places.binding("f32", count)];
      return { program: places.program([sum(count)], [{ kernel: 0, buffers }]), buffers: [x(count), output("f32", [count], rounded)], runs: [{ bindings: [0, 0, 1] }] };
    },
  };
  const oneRead: ProgramCase = {
    kind: "program", group, name: "one program buffer for two of a kernel's", quick: true,
    body: () => {
      const places = new Places();
      const [source, result] = [places.binding("f32", count), places.binding("f32", count)];
      return { program: places.program([sum(count)], [{ kernel: 0, buffers: [source, source, result] }]), buffers: [x(count), output("f32", [count], rounded)] };
    },
  };
  const inPlace: ProgramCase = {
    kind: "program", group, name: "in place, ten steps", quick: true,
    body: () => {
      const places = new Places();
      const buffer = places.binding("f32", count);
      const steps = Array.from({ length: 10 }, (_, index) => ({ kernel: index % 2, buffers: [buffer] }));
      return { program: places.program([affine(count, 1.5, 1, "in place"), affine(count, -0.5, 2, "in place")], steps), buffers: [{ ...x(count), check: close }] };
    },
  };
  const sharedLater: ProgramCase = {
    kind: "program", group, name: "one buffer for two bindings, read in one step and written in a later one", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const [source, result] = [places.binding("f32", count), places.binding("f32", count)];
      const between = places.arena("f32", count);
      const steps = [{ kernel: 0, buffers: [source, between] }, { kernel: 1, buffers: [between, result] }];
      return { program: places.program([affine(count, 3, -1), affine(count, 0.5, 2)], steps), buffers: [{ ...x(count), check: close }], runs: [{ bindings: [0, 0] }] };
    },
  };
  const others: ProgramCase = {
    kind: "program", group, name: "run again with other bindings", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const [source, result] = [places.binding("f32", count), places.binding("f32", count)];
      const between = places.arena("f32", count);
      const steps = [{ kernel: 0, buffers: [source, between] }, { kernel: 0, buffers: [between, result] }];
      const buffers = [x(count, "first"), x(count, "second"), output("f32", [count], close), output("f32", [count], close), output("f32", [count], close)];
      // The third run reads what the first wrote; a buffer longer than the program's is fine too.
      return { program: places.program([affine(count, 2, 1)], steps), buffers, runs: [{ bindings: [0, 2] }, { bindings: [1, 3] }, { bindings: [2, 4] }] };
    },
  };
  const longer: ProgramCase = {
    kind: "program", group, name: "bindings longer than the program's buffers", quick: true,
    body: () => {
      const places = new Places();
      const steps = [{ kernel: 0, buffers: [places.binding("f32", 7), places.binding("f32", 7)] }];
      return { program: places.program([affine(7, 2, 1)], steps), buffers: [x(20), { ...x(30, "kept"), check: close }] };
    },
  };
  const chain: ProgramCase = {
    kind: "program", group, name: "sixty steps that each need the one before", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const [source, result] = [places.binding("f32", count), places.binding("f32", count)];
      const turns = [places.arena("f32", count), places.arena("f32", count)];
      const steps = Array.from({ length: 60 }, (_, index) => ({ kernel: index % 3, buffers: [index === 0 ? source : turns[(index + 1) % 2]!, index === 59 ? result : turns[index % 2]!] }));
      return { program: places.program([affine(count, 1.25, 1), affine(count, -0.75, 0.5), affine(count, 1, -0.25)], steps), buffers: [x(count), output("f32", [count], close)] };
    },
  };
  const nothing: ProgramCase = {
    kind: "program", group, name: "no steps", quick: true,
    body: () => {
      const places = new Places();
      places.binding("f32", 5);
      return { program: places.program([], []), buffers: [{ ...x(5), check: exactly }] };
    },
  };
  const unwritten: ProgramCase = {
    kind: "program", group, name: "zero-length buffers in every place", quick: true,
    body: (alignment) => {
      const places = new Places(alignment);
      const [source, result] = [places.binding("f32", 0), places.binding("f32", 0)];
      const [between, fixed] = [places.arena("f32", 0), places.constant("f32", new Float32Array(0))];
      const steps = [{ kernel: 0, buffers: [source, between] }, { kernel: 1, buffers: [between, fixed, result] }];
      return { program: places.program([affine(0, 2, 1), sum(0)], steps), buffers: [x(0), output("f32", [0], exactly)] };
    },
  };
  return [twoReads, oneRead, inPlace, sharedLater, others, longer, chain, nothing, unwritten];
}

function scalarCases(): ProgramCase[] {
  const body = (alignment: number, runs: readonly Uint32Array[]) => {
    const count = 37;
    const numScalars = runs[0]!.length;
    const places = new Places(alignment);
    const source = places.binding("f32", count);
    const scaled = places.binding("f32", count);
    const words = places.binding("u32", count);
    const [floats, unsigned, signed] = [places.scalars("f32", numScalars), places.scalars("u32", numScalars), places.scalars("i32", numScalars)];
    const code = new Code();
    const product = code.binary("multiply", code.load("f32", 0, [1]), code.load("f32", 1, [0], 1));
    const shift = code.cast("f32", code.load("i32", 3, [0], 2));
    const word = code.binary("xor", code.load("u32", 2, [0], 0), code.cast("u32", code.index(0)));
    const kernel = loop("scalars", {
      buffers: [...reads("f32", "f32", "u32", "i32"), ...writes("f32", "u32")], extents: [count], body: code.instructions.concat({ op: "add", type: "f32", x: product, y: shift }),
      stores: [{ access: { buffer: 4, offset: 0, strides: [1] }, value: code.instructions.length }, { access: { buffer: 5, offset: 0, strides: [1] }, value: word }],
    });
    const results = runs.flatMap(() => [output("f32", [count], close), output("u32", [count], exactly)]);
    return {
      program: places.program([kernel], [{ kernel: 0, buffers: [source, floats, unsigned, signed, scaled, words] }], numScalars),
      buffers: [x(count), ...results],
      runs: runs.map((scalars, run) => ({ bindings: [0, 1 + 2 * run, 2 + 2 * run], scalars })),
    };
  };
  const wordsOf = (word: number, float: number, integer: number, rest = 0): Uint32Array => {
    const words = new Uint32Array(3 + rest);
    words[0] = word;
    new Float32Array(words.buffer)[1] = float;
    new Int32Array(words.buffer)[2] = integer;
    return words;
  };
  return [
    { kind: "program", group, name: "scalars as f32, u32 and i32, other ones in each run", quick: true, body: (alignment) => body(alignment, [wordsOf(0xdeadbeef, 0.3, -7), wordsOf(5, -1e20, 100), wordsOf(0, 0, -2147483648)]) },
    { kind: "program", group, name: "a hundred scalars", quick: true, body: (alignment) => body(alignment, [wordsOf(1, 2, 3, 97)]) },
  ];
}

function constantCases(): ProgramCase[] {
  return (["f32", "f16", "i32", "u32", "bool"] as const).map((dtype): ProgramCase => ({
    kind: "program", group, name: `a constant buffer of ${dtype}`, quick: true,
    body: () => {
      const places = new Places();
      const fixed = places.constant(dtype, numbersFor(dtype, "constant", 21));
      const other = places.constant(dtype, numbersFor(dtype, "other constant", 3));
      const code = new Code();
      const [a, b] = [code.load(dtype, 0, [-1, 0], 20), code.load(dtype, 1, [0, 1])];
      const value = code.select(code.binary("equal", code.index(1), code.constant("i32", 1)), a, b);
      const result = dtype === "f16" ? "f32" : dtype;
      const kernel = loop("constants", { buffers: [...reads(dtype, dtype), ...writes(result)], extents: [21, 3], body: code.instructions, stores: [{ access: { buffer: 2, offset: 0, strides: [3, 1] }, value }] });
      const results = places.binding(result, 63);
      return { program: places.program([kernel], [{ kernel: 0, buffers: [fixed, other, results] }]), buffers: [output(result, [21, 3], exactly)] };
    },
  }));
}

export const programCases = (): ProgramCase[] => [...arenaCases(), mixedArena(), ...bindingCases(), ...scalarCases(), ...constantCases()];
