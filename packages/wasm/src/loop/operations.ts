import type { BinaryOperation, RegisterType, UnaryOperation } from "@multiway/tensor/device";
import { f32, f32x4, i32, i32x4, select, v128, type Code, type I32, type Local, type V128 } from "../assembler/index.ts";
import { f64, i64 } from "../assembler/wide.ts";
import { erf } from "../math/erf.ts";
import { exp } from "../math/exp.ts";
import { log } from "../math/log.ts";
import { normalCdf } from "../math/normal-cdf.ts";
import { power } from "../math/power.ts";
import { cos, sin } from "../math/sin-cos.ts";
import { tanh } from "../math/tanh.ts";

/**
 * Operations on four lanes. A bool is a mask: all bits of a lane or none. Operands are variables or literals, so they may be used twice.
 */

const zero = (): V128 => i32x4.all(0);
const not = v128.not;

export function constant(type: RegisterType, value: number | "inf" | "-inf" | "nan"): V128 {
  const number = value === "inf" ? Infinity : value === "-inf" ? -Infinity : value === "nan" ? NaN : value;
  if (type === "bool") return i32x4.all(number === 0 ? 0 : -1);
  return type === "f32" ? f32x4.all(number) : i32x4.all(number | 0);
}

export function unary(code: Code, op: UnaryOperation, type: RegisterType, x: V128): V128 {
  switch (op) {
    case "negate":
      return type === "f32" ? f32x4.neg(x) : i32x4.neg(x);
    case "abs":
      return type === "f32" ? f32x4.abs(x) : i32x4.abs(x);
    case "sign": {
      if (type !== "f32") return v128.or(i32x4.shrS(x, 31), i32x4.shrU(i32x4.neg(x), 31));
      const one = v128.or(f32x4.all(1), v128.and(x, i32x4.all(0x80000000)));
      // Zeros of either sign and NaN stay what they are.
      return v128.bitselect(one, x, v128.or(f32x4.lt(x, f32x4.all(0)), f32x4.gt(x, f32x4.all(0))));
    }
    case "floor":
      return f32x4.floor(x);
    case "ceil":
      return f32x4.ceil(x);
    case "round":
      return f32x4.nearest(x);
    case "sqrt":
      return f32x4.sqrt(x);
    case "exp":
      return exp(code, x);
    case "log":
      return log(code, x);
    case "sin":
      return sin(code, x);
    case "cos":
      return cos(code, x);
    case "tanh":
      return tanh(code, x);
    case "erf":
      return erf(code, x);
    case "normalCdf":
      return normalCdf(code, x);
    case "not":
      return not(x);
    case "isNaN":
      return f32x4.ne(x, x);
  }
}

/** `type` is that of the operands. */
export function binary(code: Code, op: BinaryOperation, type: RegisterType, x: V128, y: V128): V128 {
  const isFloat = type === "f32";
  const isUnsigned = type === "u32";
  switch (op) {
    case "add":
      return isFloat ? f32x4.add(x, y) : i32x4.add(x, y);
    case "subtract":
      return isFloat ? f32x4.sub(x, y) : i32x4.sub(x, y);
    case "multiply":
      return isFloat ? f32x4.mul(x, y) : i32x4.mul(x, y);
    case "divide":
      return isFloat ? f32x4.div(x, y) : perLane(code, x, y, (a, b) => divide(a, b, isUnsigned));
    case "remainder":
      return perLane(code, x, y, (a, b) => (isFloat ? floatRemainder(code, a, b) : remainder(a, b, isUnsigned)));
    case "power":
      return power(code, x, y);
    case "minimum":
      return isFloat ? f32x4.min(x, y) : isUnsigned ? i32x4.minU(x, y) : i32x4.minS(x, y);
    case "maximum":
      return isFloat ? f32x4.max(x, y) : isUnsigned ? i32x4.maxU(x, y) : i32x4.maxS(x, y);
    case "and":
      return v128.and(x, y);
    case "or":
      return v128.or(x, y);
    case "xor":
      return v128.xor(x, y);
    case "shiftLeft":
      return shift(code, x, y, i32x4.shl, i32.shl);
    case "shiftRight":
      return isUnsigned ? shift(code, x, y, i32x4.shrU, i32.shrU) : shift(code, x, y, i32x4.shrS, i32.shrS);
    case "equal":
      return isFloat ? f32x4.eq(x, y) : i32x4.eq(x, y);
    case "notEqual":
      return isFloat ? f32x4.ne(x, y) : i32x4.ne(x, y);
    case "less":
      return isFloat ? f32x4.lt(x, y) : isUnsigned ? i32x4.ltU(x, y) : i32x4.ltS(x, y);
    case "lessEqual":
      return isFloat ? f32x4.le(x, y) : isUnsigned ? i32x4.leU(x, y) : i32x4.leS(x, y);
    case "greater":
      return isFloat ? f32x4.gt(x, y) : isUnsigned ? i32x4.gtU(x, y) : i32x4.gtS(x, y);
    case "greaterEqual":
      return isFloat ? f32x4.ge(x, y) : isUnsigned ? i32x4.geU(x, y) : i32x4.geS(x, y);
  }
}

export function cast(to: RegisterType, from: RegisterType, x: V128): V128 {
  if (to === from) return x;
  if (to === "bool") return from === "f32" ? f32x4.ne(x, f32x4.all(0)) : i32x4.ne(x, zero());
  if (from === "bool") return v128.and(x, to === "f32" ? f32x4.all(1) : i32x4.all(1));
  if (to === "f32") return from === "u32" ? f32x4.convertI32x4U(x) : f32x4.convertI32x4S(x);
  if (from === "f32") return to === "u32" ? i32x4.truncSatF32x4U(x) : i32x4.truncSatF32x4S(x);
  return x;
}

/** What WebAssembly has no vector instruction for. */
function perLane(code: Code, x: V128, y: V128, f: (x: Local<"i32">, y: Local<"i32">) => I32): V128 {
  const result = code.let(zero());
  for (let lane = 0; lane < 4; lane++) {
    const a = code.let(i32x4.extractLane(x, lane));
    const b = code.let(i32x4.extractLane(y, lane));
    code.set(result, i32x4.replaceLane(result, lane, f(a, b)));
  }
  return result;
}

/** x / 0 is x, as in WGSL; the quotient of two 32-bit integers in float64 never rounds across an integer. */
function divide(x: I32, y: I32, isUnsigned: boolean): I32 {
  const convert = isUnsigned ? f64.convertI32U : f64.convertI32S;
  const quotient = f64.div(convert(x), convert(y));
  // −2³¹ / −1 wraps.
  const wrapped = isUnsigned ? i32.truncSatF64U(quotient) : i32.wrapI64(i64.truncSatF64S(quotient));
  return select(wrapped, x, y);
}

function remainder(x: I32, y: I32, isUnsigned: boolean): I32 {
  const difference = i32.sub(x, i32.mul(divide(x, y, isUnsigned), y));
  return select(difference, i32.const(0), y);
}

/** Exact in float64 up to a quotient of 2²⁹, which leaves the bits of f32 right. */
function floatRemainder(code: Code, x: Local<"i32">, y: Local<"i32">): I32 {
  const a = code.let(f64.promoteF32(f32.reinterpretI32(x)));
  const b = code.let(f64.promoteF32(f32.reinterpretI32(y)));
  const rest = f64.sub(a, f64.mul(b, f64.trunc(f64.div(a, b))));
  const bits = i32.reinterpretF32(f32.copysign(f32.demoteF64(rest), f32.reinterpretI32(x)));
  // A finite number modulo infinity is itself.
  const isInfinite = i32.eq(i32.and(y, 0x7fffffff), 0x7f800000);
  const isFinite = i32.ltU(i32.and(x, 0x7fffffff), 0x7f800000);
  return select(x as I32, bits, i32.and(isInfinite, isFinite));
}

type VectorShift = (x: V128, count: I32) => V128;

/** By one amount where all lanes agree, as they nearly always do. */
function shift(code: Code, x: V128, y: V128, vector: VectorShift, scalar: (x: I32, y: I32) => I32): V128 {
  const first = code.let(i32x4.extractLane(y, 0));
  const result = code.local("v128");
  code.if(
    i32x4.allTrue(i32x4.eq(y, i32x4.splat(first))),
    () => code.set(result, vector(x, first)),
    () => code.set(result, perLane(code, x, y, scalar)),
  );
  return result;
}
