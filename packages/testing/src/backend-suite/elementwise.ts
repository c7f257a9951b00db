import type { BinaryOperation, DType, HostArray, RegisterType, UnaryOperation } from "@multiway/tensor/device";
import { exactly, type Tolerance } from "../compare.ts";
import { Code, input, loop, output, reads, single, writes } from "./build.ts";
import { close, keyOf, rounded, toleranceOf, type CaseBody, type ProgramCase } from "./case.ts";

const group = "elementwise";

const floatSpecials = [NaN, Infinity, -Infinity, 0, -0, 0.5, -0.5, 1, -1, 1.5, -1.5, 2.5, -2.5, 3.5, 0.25, 1e-30, -1e-30, 1e30, -1e30, 3.4e38, 8388607.5, -8388608, 16777216, 2147483648, 0.99999994, -3];
const i32Specials = [0, 1, -1, 2, -2, 7, -7, 2147483647, -2147483648, 65536, -65537, 123456789];
const u32Specials = [0, 1, 2, 7, 31, 2147483647, 2147483648, 4294967295, 4294967294, 65536, 65535, 3000000000];

function specials(type: RegisterType): number[] {
  return { f32: floatSpecials, i32: i32Specials, u32: u32Specials, bool: [0, 1] }[type];
}

const arrayOf = (type: DType, values: ArrayLike<number>): HostArray =>
  type === "f32" ? Float32Array.from(values) : type === "i32" ? Int32Array.from(values) : Uint32Array.from(values);

function random(type: RegisterType, name: string, count: number): number[] {
  const key = keyOf(name);
  if (type === "f32") return [...key.normal(count)].map((x) => x * 3);
  const bits = [...key.bits(count)];
  // Large and small ones in turn.
  if (type === "i32") return bits.map((word, index) => (index % 2 ? word | 0 : (word % 41) - 20));
  return type === "u32" ? bits.map((word, index) => (index % 2 ? word : word % 37)) : bits.map((word) => word & 1);
}

/** One kernel over the elements of some inputs: loads all, then stores what `write` returns. */
function pointwise(label: string, inputs: readonly (readonly [DType, HostArray])[], result: DType, check: Tolerance, write: (code: Code, x: number[]) => number): CaseBody {
  const code = new Code();
  const x = inputs.map(([dtype], buffer) => code.load(dtype, buffer, [1]));
  const value = write(code, x);
  const count = inputs[0]![1].length;
  const kernel = loop(label, {
    buffers: [...reads(...inputs.map(([dtype]) => dtype)), ...writes(result)],
    extents: [count],
    body: code.instructions,
    stores: [{ access: { buffer: inputs.length, offset: 0, strides: [1] }, value }],
  });
  return single(kernel, [...inputs.map(([dtype, data]) => input(dtype, data)), output(result, [count], check)]);
}

const unaryTypes: Record<UnaryOperation, readonly RegisterType[]> = {
  negate: ["f32", "i32"], abs: ["f32", "i32"], sign: ["f32", "i32"], floor: ["f32"], ceil: ["f32"], round: ["f32"], sqrt: ["f32"], exp: ["f32"], log: ["f32"],
  sin: ["f32"], cos: ["f32"], tanh: ["f32"], erf: ["f32"], normalCdf: ["f32"], not: ["bool", "i32", "u32"], isNaN: ["f32"],
};

/** Where a function is meant to be good: sines of large numbers and exponentials that overflow by a hair tell about the host's library, not about a device. */
function unaryInputs(op: UnaryOperation, type: RegisterType): number[] {
  const drawn = random(type, `${op} ${type}`, 60);
  if (type === "f32" && op === "exp") return [NaN, Infinity, -Infinity, 0, -0, 1, -1, 100, -200, 1e30, -1e30, 80, -80, 1e-30, ...drawn.map((x) => x * 3)];
  if (type === "f32" && (op === "sin" || op === "cos")) return [NaN, Infinity, -Infinity, 0, -0, 1, -1, Math.PI, 1e-30, 20, -20, ...drawn];
  if (type === "f32" && op === "log") return [...specials(type), 1.0000001, 0.9999999, 1.001, 10, ...drawn.map(Math.abs)];
  return [...specials(type), ...drawn];
}

const unaryTolerance: Partial<Record<UnaryOperation, Tolerance>> = {
  negate: exactly, abs: exactly, sign: exactly, floor: exactly, ceil: exactly, round: exactly,
  sqrt: { relative: 1e-5, absolute: 1e-18 }, exp: { relative: 2e-5, absolute: 1e-20 }, log: { relative: 1e-5, absolute: 1e-6 },
  normalCdf: { relative: 0, absolute: 1e-6 },
};

function unaryCases(): ProgramCase[] {
  return Object.entries(unaryTypes).flatMap(([name, types]) =>
    types.map((type): ProgramCase => {
      const op = name as UnaryOperation;
      const result = op === "isNaN" ? "bool" : type;
      return {
        kind: "program", group, name: `${op} of ${type}`, quick: true,
        body: () => pointwise(`${op} ${type}`, [[type, arrayOf(type, unaryInputs(op, type))]], result, toleranceOf(result, unaryTolerance[op] ?? close), (code, [x]) => code.unary(op, x!)),
      };
    }),
  );
}

const numbers: readonly RegisterType[] = ["f32", "i32", "u32"];
const binaryTypes: Record<BinaryOperation, readonly RegisterType[]> = {
  add: numbers, subtract: numbers, multiply: numbers, divide: numbers, remainder: numbers, power: ["f32"], minimum: numbers, maximum: numbers,
  and: ["bool", "i32", "u32"], or: ["bool", "i32", "u32"], xor: ["bool", "i32", "u32"], shiftLeft: ["i32", "u32"], shiftRight: ["i32", "u32"],
  equal: [...numbers, "bool"], notEqual: [...numbers, "bool"], less: numbers, lessEqual: numbers, greater: numbers, greaterEqual: numbers,
};
const comparisons: ReadonlySet<string> = new Set(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]);

function binaryInputs(op: BinaryOperation, type: RegisterType): [number[], number[]] {
  const cross = (left: number[], right: number[]): [number[], number[]] => [left.flatMap((x) => right.map(() => x)), left.flatMap(() => right)];
  if (op === "shiftLeft" || op === "shiftRight") return cross(specials(type), [0, 1, 5, 16, 30, 31]);
  if (type === "f32" && op === "power") {
    const [x, y] = cross([0, 0.5, 1, 1.5, 2, 3.25, 10], [-3, -2, -1, -0.5, 0, 0.5, 1, 2, 2.5, 4]);
    const [negativeX, negativeY] = cross([-0.5, -2, -3], [-3, -2, 0, 1, 2, 3, 5, 0.5]);
    return [[...x, ...negativeX, Infinity, Infinity, NaN, 2, 2, 2], [...y, ...negativeY, 2, -1, 2, Infinity, -Infinity, NaN]];
  }
  if (type === "f32" && op === "remainder") {
    // Quarters, so that no quotient lies within rounding of a whole number without being one.
    const [x, y] = cross([0, 1, -1, 2.5, -2.5, 6, -6, 17.25, -17.25, 100], [1, -1, 0.25, 2, -2, 3, 0.75, 7, -7.5]);
    return [[...x, NaN, 1, Infinity], [...y, 1, NaN, 2]];
  }
  const [x, y] = cross(specials(type), specials(type));
  return [[...x, ...random(type, `${op} ${type} x`, 40)], [...y, ...random(type, `${op} ${type} y`, 40)]];
}

function binaryCases(): ProgramCase[] {
  return Object.entries(binaryTypes).flatMap(([name, types]) =>
    types.map((type): ProgramCase => {
      const op = name as BinaryOperation;
      const result = comparisons.has(op) ? "bool" : type;
      const isShift = op === "shiftLeft" || op === "shiftRight";
      return {
        kind: "program", group, name: `${op} of ${type}`, quick: true,
        body: () => {
          const [x, y] = binaryInputs(op, type);
          const check = op === "power" || op === "remainder" ? { relative: 2e-5, absolute: 1e-6 } : op === "minimum" || op === "maximum" ? exactly : rounded;
          const right = isShift ? "u32" : type;
          return pointwise(`${op} ${type}`, [[type, arrayOf(type, x)], [right, arrayOf(right, y)]], result, toleranceOf(result, check), (code, [a, b]) => code.binary(op, a!, b!));
        },
      };
    }),
  );
}

const conversionInputs: Record<RegisterType, number[]> = {
  f32: [NaN, Infinity, -Infinity, 0, -0, 0.5, -0.5, 0.999, -0.999, 1.5, -1.5, 2147483520, 2147483648, -2147483648, -2147483904, 4294967040, 4294967296, 1e30, -1e30, 3e9, -3e9, 1e-30, 16777215],
  i32: [...i32Specials, 16777216],
  u32: [...u32Specials, 16777216],
  bool: [0, 1],
};

function conversionCases(): ProgramCase[] {
  const types: readonly RegisterType[] = ["f32", "i32", "u32", "bool"];
  const cases: ProgramCase[] = [];
  for (const from of types) {
    for (const to of types) {
      cases.push({
        kind: "program", group, name: `cast from ${from} to ${to}`, quick: true,
        body: () => pointwise(`cast ${from} ${to}`, [[from, arrayOf(from, conversionInputs[from])]], to, toleranceOf(to, rounded), (code, [x]) => code.cast(to, x!)),
      });
      if (from === "bool" || to === "bool") continue;
      cases.push({
        kind: "program", group, name: `bitcast from ${from} to ${to}`, quick: true,
        body: () => {
          // Words that are no NaN and no subnormal number, whose bits a device may change.
          const words = from === "f32" ? [0, -0, 1, -1, 0.1, 3.5e10, Infinity, -Infinity].map(Math.fround) : [0, 0x3f800000, 0xbf800000, 0x7f800000, 0x40490fdb, 0x4b000001, 0x80000000];
          return pointwise(`bitcast ${from} ${to}`, [[from, arrayOf(from, words)]], to, exactly, (code, [x]) => code.bitcast(to, x!));
        },
      });
    }
  }
  return cases;
}

function otherCases(): ProgramCase[] {
  const types: readonly RegisterType[] = ["f32", "i32", "u32", "bool"];
  const selects = types.map((type): ProgramCase => ({
    kind: "program", group, name: `select of ${type}`, quick: true,
    body: () => {
      const condition = random("bool", `select ${type}`, 50);
      const x = arrayOf(type, random(type, `select ${type} x`, 50));
      const y = arrayOf(type, random(type, `select ${type} y`, 50));
      return pointwise(`select ${type}`, [["bool", arrayOf("bool", condition)], [type, x], [type, y]], type, exactly, (code, [c, a, b]) => code.select(c!, a!, b!));
    },
  }));
  const literals: Record<RegisterType, readonly (number | "inf" | "-inf" | "nan")[]> = {
    f32: [0, 1, -1.5, 0.1, 1e-30, 1e30, 16777217, 3.4028234663852886e38, "inf", "-inf", "nan"],
    i32: [0, -1, 2147483647, -2147483648], u32: [0, 1, 2147483648, 4294967295], bool: [0, 1],
  };
  const constants = types.flatMap((type) => literals[type].map((value): ProgramCase => ({
    kind: "program", group, name: `constant ${value} of ${type}`, quick: true,
    body: () => {
      const code = new Code();
      const stores = [{ access: { buffer: 0, offset: 0, strides: [1] }, value: code.constant(type, value) }];
      const kernel = loop(`constant ${type}`, { buffers: writes(type), extents: [3], body: code.instructions, stores });
      return single(kernel, [output(type, [3], exactly)]);
    },
  })));
  const fused: ProgramCase = {
    kind: "program", group, name: "a long expression with shared parts", quick: true,
    body: () => pointwise("gelu", [["f32", arrayOf("f32", random("f32", "gelu", 1001))]], "f32", close, (code, [x]) => {
      const half = code.binary("multiply", x!, code.constant("f32", Math.SQRT1_2));
      const erf = code.unary("erf", half);
      const gate = code.binary("multiply", code.constant("f32", 0.5), code.binary("add", code.constant("f32", 1), erf));
      const gelu = code.binary("multiply", x!, gate);
      const isLarge = code.binary("greater", code.unary("abs", x!), code.constant("f32", 4));
      const other = code.cast("f32", code.cast("i32", x!));
      return code.select(code.binary("and", isLarge, code.unary("not", code.unary("isNaN", x!))), other, gelu);
    }),
  };
  return [...selects, ...constants, fused];
}

export const elementwiseCases = (): ProgramCase[] => [...unaryCases(), ...binaryCases(), ...conversionCases(), ...otherCases()];
