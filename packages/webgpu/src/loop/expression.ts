import { InternalError } from "@multiway/errors";
import type { Instruction, RegisterType } from "@multiway/tensor/device";
import type { MathFunction } from "../wgsl/math.ts";

/** A literal of a register type. NaN and infinities come from a variable: as constant expressions they are errors. */
export function literal(type: RegisterType, value: number | "inf" | "-inf" | "nan", use: (name: MathFunction) => void): string {
  const number = value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value;
  if (type === "bool") return number ? "true" : "false";
  if (type === "i32") return (number | 0) === -2147483648 ? "(-2147483647i - 1i)" : `${number | 0}i`;
  if (type === "u32") return `${number >>> 0}u`;
  const rounded = Math.fround(number);
  if (Number.isFinite(rounded)) return Object.is(rounded, -0) ? "-0.0f" : `${String(rounded)}${Number.isInteger(rounded) && Math.abs(rounded) < 1e21 ? ".0" : ""}f`;
  use("special");
  return `bitcast<f32>(special_bits.${Number.isNaN(rounded) ? "z" : rounded > 0 ? "x" : "y"})`;
}

/**
 * The WGSL of one instruction that neither loads, nor reads an index or a reduction's result. `type` is that of its first value operand.
 * Operands are names of `let`s, never literals, so that nothing is a constant expression.
 */
export function expression(instruction: Instruction, name: (operand: number) => string, typeOf: (operand: number) => RegisterType, use: (name: MathFunction) => void): string {
  switch (instruction.op) {
    case "constant":
      return literal(instruction.type, instruction.value, use);
    case "select":
      return `select(${name(instruction.y)}, ${name(instruction.x)}, ${name(instruction.condition)})`;
    case "cast":
      return cast(name(instruction.x), typeOf(instruction.x), instruction.type, use);
    case "bitcast":
      return typeOf(instruction.x) === instruction.type ? name(instruction.x) : `bitcast<${instruction.type}>(${name(instruction.x)})`;
    case "load":
    case "index":
    case "reduced":
      throw new InternalError(`webgpu: "${instruction.op}" is not an expression.`);
    default:
      return "y" in instruction
        ? binary(instruction.op, name(instruction.x), name(instruction.y), typeOf(instruction.x), use)
        : unary(instruction.op, name(instruction.x), typeOf(instruction.x), use);
  }
}

type Of<Key extends string> = Extract<Instruction, Record<Key, number>>["op"];
type Binary = Exclude<Of<"y">, "select">;

function unary(op: Instruction["op"], x: string, type: RegisterType, use: (name: MathFunction) => void): string {
  const call = (needed: MathFunction, text: string): string => {
    use(needed);
    return text;
  };
  switch (op) {
    case "negate":
      return type === "u32" ? `0u - ${x}` : `-${x}`;
    case "not":
      return type === "bool" ? `!${x}` : `~${x}`;
    case "isNaN":
      return type === "f32" ? call("isNaN", `is_nan(${x})`) : "false";
    case "sign":
      return type === "f32" ? call("sign", `sign_of(${x})`) : type === "i32" ? `sign(${x})` : `min(${x}, 1u)`;
    case "exp":
      return call("exp", `exp_of(${x})`);
    case "log":
      return call("log", `log_of(${x})`);
    case "tanh":
      return call("tanh", `tanh_safe(${x})`);
    case "erf":
      return call("erf", `erf(${x})`);
    case "normalCdf":
      return call("normalCdf", `normal_cdf(${x})`);
    case "sin":
      return call("sine", `sine_at(${x}, 0u)`);
    case "cos":
      return call("sine", `sine_at(${x}, 1u)`);
    case "floor":
    case "ceil":
    case "round":
      return type === "f32" ? `${op}(${x})` : x;
    default:
      // abs, sqrt: the same name in WGSL.
      return `${op}(${x})`;
  }
}

const symbols: Partial<Record<Binary, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  remainder: "%",
  and: "&",
  or: "|",
  equal: "==",
  less: "<",
  lessEqual: "<=",
  greater: ">",
  greaterEqual: ">=",
};

function binary(op: Binary, x: string, y: string, type: RegisterType, use: (name: MathFunction) => void): string {
  switch (op) {
    case "minimum":
    case "maximum":
      return extreme(op, x, y, type, use);
    case "power":
      use("power");
      return type === "f32" ? `power(${x}, ${y})` : `${type}(power(f32(${x}), f32(${y})))`;
    case "notEqual":
      // Some drivers take != of a NaN for false.
      return type === "f32" ? `!(${x} == ${y})` : `${x} != ${y}`;
    case "xor":
      return type === "bool" ? `${x} != ${y}` : `${x} ^ ${y}`;
    case "shiftLeft":
    case "shiftRight":
      // The amount is a u32 below 32 by contract; the mask keeps a wrong one from being undefined.
      return `${x} ${op === "shiftLeft" ? "<<" : ">>"} (u32(${y}) & 31u)`;
    default:
      if (type === "bool" && op !== "and" && op !== "or" && op !== "equal") return `u32(${x}) ${symbols[op]} u32(${y})`;
      return `${x} ${symbols[op]} ${y}`;
  }
}

/** `minimum` or `maximum` of two values; NaN wins over numbers. */
export function extreme(op: "minimum" | "maximum", x: string, y: string, type: RegisterType, use: (name: MathFunction) => void): string {
  if (type === "bool") return op === "minimum" ? `${x} & ${y}` : `${x} | ${y}`;
  if (type !== "f32") return `${op === "minimum" ? "min" : "max"}(${x}, ${y})`;
  use(op);
  return `${op}(${x}, ${y})`;
}

function cast(x: string, from: RegisterType, to: RegisterType, use: (name: MathFunction) => void): string {
  if (from === to) return x;
  if (to === "bool") return from === "f32" ? `!(${x} == 0.0f)` : `${x} != ${from === "i32" ? "0i" : "0u"}`;
  if (from === "f32") {
    use(to === "i32" ? "floatToI32" : "floatToU32");
    return to === "i32" ? `float_to_i32(${x})` : `float_to_u32(${x})`;
  }
  return `${to}(${x})`;
}
