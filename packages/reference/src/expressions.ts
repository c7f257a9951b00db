import type { BinaryOperation, Instruction, RegisterType, UnaryOperation } from "@multiway/tensor/device";
import { erf, normalCdf } from "./erf.ts";
import { demand } from "./fault.ts";
import { roundHalfToEven } from "./half.ts";

/**
 * Each operation of the kernel language as a JavaScript expression. Registers hold f32 in float64, i32 and u32 as numbers in their range,
 * bool as booleans.
 */

const bits = new DataView(new ArrayBuffer(4));

/** What expressions call, as `helpers.name(…)`. */
export const helpers = {
  erf,
  normalCdf,
  roundHalfToEven,
  /** As WGSL has it: x / 0 is x. −2³¹ / −1 wraps to −2³¹. */
  divideI32: (x: number, y: number) => (y === 0 ? x : (x / y) | 0),
  remainderI32: (x: number, y: number) => (y === 0 ? 0 : x % y | 0),
  // A quotient of 32-bit integers is farther from the next integer than float64 rounds, so truncation is exact.
  divideU32: (x: number, y: number) => (y === 0 ? x : (x / y) >>> 0),
  remainderU32: (x: number, y: number) => (y === 0 ? 0 : x % y),
  toI32: (x: number) => (x !== x ? 0 : Math.min(Math.max(Math.trunc(x), -2147483648), 2147483647) | 0),
  toU32: (x: number) => (x !== x ? 0 : Math.min(Math.max(Math.trunc(x), 0), 4294967295) >>> 0),
  bitsOf: (x: number) => (bits.setFloat32(0, x), bits.getUint32(0)),
  fromBits: (x: number) => (bits.setUint32(0, x), bits.getFloat32(0)),
};

type Unary = (x: string) => string;
type Binary = (x: string, y: string) => string;

/** By operation, then by the type of the operand. What is missing is not allowed. */
const unary: Readonly<Record<UnaryOperation, Partial<Record<RegisterType, Unary>>>> = {
  negate: { f32: (x) => `-${x}`, i32: (x) => `-${x} | 0` },
  abs: { f32: (x) => `Math.abs(${x})`, i32: (x) => `Math.abs(${x}) | 0` },
  sign: { f32: (x) => `Math.sign(${x})`, i32: (x) => `Math.sign(${x})` },
  floor: { f32: (x) => `Math.floor(${x})` },
  ceil: { f32: (x) => `Math.ceil(${x})` },
  round: { f32: (x) => `helpers.roundHalfToEven(${x})` },
  sqrt: { f32: (x) => `Math.sqrt(${x})` },
  exp: { f32: (x) => `Math.exp(${x})` },
  log: { f32: (x) => `Math.log(${x})` },
  sin: { f32: (x) => `Math.sin(${x})` },
  cos: { f32: (x) => `Math.cos(${x})` },
  tanh: { f32: (x) => `Math.tanh(${x})` },
  erf: { f32: (x) => `helpers.erf(${x})` },
  normalCdf: { f32: (x) => `helpers.normalCdf(${x})` },
  not: { bool: (x) => `!${x}`, i32: (x) => `~${x}`, u32: (x) => `~${x} >>> 0` },
  isNaN: { f32: (x) => `${x} !== ${x}` },
};

const everyNumber = (operator: string): Partial<Record<RegisterType, Binary>> => {
  const compare: Binary = (x, y) => `${x} ${operator} ${y}`;
  return { f32: compare, i32: compare, u32: compare };
};

const bitwise = (operator: string, logical: string): Partial<Record<RegisterType, Binary>> => ({
  bool: (x, y) => `${x} ${logical} ${y}`,
  i32: (x, y) => `${x} ${operator} ${y}`,
  u32: (x, y) => `(${x} ${operator} ${y}) >>> 0`,
});

const binary: Readonly<Record<BinaryOperation, Partial<Record<RegisterType, Binary>>>> = {
  add: { f32: (x, y) => `${x} + ${y}`, i32: (x, y) => `(${x} + ${y}) | 0`, u32: (x, y) => `(${x} + ${y}) >>> 0` },
  subtract: { f32: (x, y) => `${x} - ${y}`, i32: (x, y) => `(${x} - ${y}) | 0`, u32: (x, y) => `(${x} - ${y}) >>> 0` },
  multiply: { f32: (x, y) => `${x} * ${y}`, i32: (x, y) => `Math.imul(${x}, ${y})`, u32: (x, y) => `Math.imul(${x}, ${y}) >>> 0` },
  divide: { f32: (x, y) => `${x} / ${y}`, i32: (x, y) => `helpers.divideI32(${x}, ${y})`, u32: (x, y) => `helpers.divideU32(${x}, ${y})` },
  remainder: { f32: (x, y) => `${x} % ${y}`, i32: (x, y) => `helpers.remainderI32(${x}, ${y})`, u32: (x, y) => `helpers.remainderU32(${x}, ${y})` },
  power: { f32: (x, y) => `Math.pow(${x}, ${y})` },
  minimum: { f32: (x, y) => `Math.min(${x}, ${y})`, i32: (x, y) => `Math.min(${x}, ${y})`, u32: (x, y) => `Math.min(${x}, ${y})` },
  maximum: { f32: (x, y) => `Math.max(${x}, ${y})`, i32: (x, y) => `Math.max(${x}, ${y})`, u32: (x, y) => `Math.max(${x}, ${y})` },
  and: bitwise("&", "&&"),
  or: bitwise("|", "||"),
  xor: bitwise("^", "!=="),
  shiftLeft: { i32: (x, y) => `${x} << ${y}`, u32: (x, y) => `(${x} << ${y}) >>> 0` },
  shiftRight: { i32: (x, y) => `${x} >> ${y}`, u32: (x, y) => `${x} >>> ${y}` },
  equal: { ...everyNumber("==="), bool: (x, y) => `${x} === ${y}` },
  notEqual: { ...everyNumber("!=="), bool: (x, y) => `${x} !== ${y}` },
  less: everyNumber("<"),
  lessEqual: everyNumber("<="),
  greater: everyNumber(">"),
  greaterEqual: everyNumber(">="),
};

const comparisons: ReadonlySet<string> = new Set(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"]);

/** An earlier instruction, as an operand. */
export interface Operand {
  type: RegisterType;
  name: string;
}

/** The expression of an instruction that touches neither memory nor loops. Checks its operands and its type. */
export function expressionOf(instruction: Exclude<Instruction, { op: "index" | "load" | "reduced" }>, operand: (position: number) => Operand): string {
  const { op, type } = instruction;
  if (op === "constant") return literal(type, instruction.value);
  if (op === "select") {
    const [condition, x, y] = [operand(instruction.condition), operand(instruction.x), operand(instruction.y)];
    demand(condition.type === "bool" && x.type === type && y.type === type, `select of ${condition.type}, ${x.type} and ${y.type} gives no ${type}.`);
    return `${condition.name} ? ${x.name} : ${y.name}`;
  }
  const x = operand(instruction.x);
  if (op === "cast") return castTo(type, x);
  if (op === "bitcast") return bitcastTo(type, x);
  if ("y" in instruction) {
    const y = operand(instruction.y);
    const expression = binary[instruction.op]?.[x.type];
    const isShift = op === "shiftLeft" || op === "shiftRight";
    demand(expression !== undefined && y.type === (isShift ? "u32" : x.type), `there is no ${op} of ${x.type} and ${y.type}.`);
    const expected = comparisons.has(op) ? "bool" : x.type;
    demand(type === expected, `${op} of ${x.type} has the type ${type}; expected ${expected}.`);
    return expression(x.name, y.name);
  }
  const expression = unary[op as UnaryOperation]?.[x.type];
  demand(expression !== undefined, `there is no ${op} of ${x.type}.`);
  const expected = op === "isNaN" ? "bool" : x.type;
  demand(type === expected, `${op} of ${x.type} has the type ${type}; expected ${expected}.`);
  return expression(x.name);
}

function literal(type: RegisterType, value: number | "inf" | "-inf" | "nan"): string {
  if (type === "f32") {
    const number = Math.fround(value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value);
    return Object.is(number, -0) ? "-0" : String(number);
  }
  const [low, high] = { bool: [0, 1], i32: [-2147483648, 2147483647], u32: [0, 4294967295] }[type] as [number, number];
  demand(typeof value === "number" && Number.isInteger(value) && value >= low && value <= high, `the constant ${value} is no ${type}.`);
  return type === "bool" ? String(value === 1) : String(value + 0);
}

function castTo(type: RegisterType, x: Operand): string {
  if (type === x.type) return x.name;
  if (type === "bool") return `${x.name} !== 0`;
  if (x.type === "bool") return `${x.name} ? 1 : 0`;
  if (type === "f32") return x.name;
  if (x.type === "f32") return type === "i32" ? `helpers.toI32(${x.name})` : `helpers.toU32(${x.name})`;
  return type === "i32" ? `${x.name} | 0` : `${x.name} >>> 0`;
}

function bitcastTo(type: RegisterType, x: Operand): string {
  demand(type !== "bool" && x.type !== "bool", `there is no bitcast from ${x.type} to ${type}.`);
  if (type === x.type) return x.name;
  if (type === "f32") return `helpers.fromBits(${x.name})`;
  const word = x.type === "f32" ? `helpers.bitsOf(${x.name})` : x.name;
  return type === "i32" ? `${word} | 0` : `${word} >>> 0`;
}
