import type { RegisterType } from "@multiway/tensor/device";
import { f32x4, i32x4, v128, type Code, type Local, type V128 } from "../assembler/index.ts";
import type { NestResult } from "./nest.ts";
import { binary, constant } from "./operations.ts";

/** One running result of a reduction in four lanes; `position` for argMax and argMin. */
export interface Accumulator {
  value: Local<"v128">;
  position?: Local<"v128">;
}

/** Position of nothing. Lanes in which no value beat the neutral one keep it, and it loses against every position. */
const nowhere = 0x7fffffff;

const lowest = { f32: "-inf", i32: -2147483648, u32: 0, bool: 0 } as const;
const highest = { f32: "inf", i32: 2147483647, u32: -1, bool: 1 } as const;

/** What changes nothing when joined. */
export function neutral(result: NestResult, type: RegisterType): V128 {
  switch (result.combine) {
    case "sum":
      return constant(type, 0);
    case "product":
      return constant(type, 1);
    case "maximum":
    case "argMax":
      return constant(type, lowest[type]);
    case "minimum":
    case "argMin":
      return constant(type, highest[type]);
    case "any":
      return constant("bool", 0);
    case "all":
      return constant("bool", 1);
  }
}

/** Starts an accumulator. Locals keep their values from round to round, so this is emitted where the reduction begins. */
export function start(code: Code, result: NestResult, type: RegisterType): Accumulator {
  const value = code.let(neutral(result, type));
  return result.position === undefined ? { value } : { value, position: code.let(i32x4.all(nowhere)) };
}

/** Takes in a value. For a position, values must come in increasing order of positions. */
export function accumulate(code: Code, result: NestResult, type: RegisterType, into: Accumulator, value: V128, position: V128 | undefined): void {
  if (!into.position) return code.set(into.value, join(code, result, type, into.value, value));
  const wins = code.let(beats(result, type, value, into.value));
  code.set(into.value, v128.bitselect(value, into.value, wins));
  code.set(into.position, v128.bitselect(position!, into.position, wins));
}

/** Joins a second accumulator into the first, whatever their order. */
export function merge(code: Code, result: NestResult, type: RegisterType, into: Accumulator, other: { value: V128; position?: V128 }): void {
  if (!into.position) return code.set(into.value, join(code, result, type, into.value, other.value));
  const value = other.value;
  const isSame = type === "f32" ? v128.or(f32x4.eq(value, into.value), v128.and(f32x4.ne(value, value), f32x4.ne(into.value, into.value))) : i32x4.eq(value, into.value);
  const isEarlier = v128.and(isSame, i32x4.ltS(other.position!, into.position));
  const wins = code.let(v128.or(beats(result, type, value, into.value), isEarlier));
  code.set(into.value, v128.bitselect(value, into.value, wins));
  code.set(into.position, v128.bitselect(other.position!, into.position, wins));
}

/** Joins the four lanes, so that each holds the result. */
export function mergeLanes(code: Code, result: NestResult, type: RegisterType, accumulator: Accumulator): void {
  for (const lanes of [[2, 3, 0, 1], [1, 0, 3, 2]] as const) {
    const value = code.let(i32x4.shuffle(accumulator.value, accumulator.value, lanes));
    if (!accumulator.position) merge(code, result, type, accumulator, { value });
    else merge(code, result, type, accumulator, { value, position: code.let(i32x4.shuffle(accumulator.position, accumulator.position, lanes)) });
  }
}

/** Where nothing beat the neutral value all values are equal to it, and the first one is the answer. */
export const finalPosition = (position: V128): V128 => v128.andNot(position, i32x4.eq(position, i32x4.all(nowhere)));

function join(code: Code, result: NestResult, type: RegisterType, x: V128, y: V128): V128 {
  switch (result.combine) {
    case "sum":
      return binary(code, "add", type, x, y);
    case "product":
      return binary(code, "multiply", type, x, y);
    case "maximum":
      return binary(code, "maximum", type, x, y);
    case "minimum":
      return binary(code, "minimum", type, x, y);
    case "any":
      return v128.or(x, y);
    default:
      return v128.and(x, y);
  }
}

/** Strictly ahead. NaN beats every number, and nothing beats NaN. */
function beats(result: NestResult, type: RegisterType, x: V128, best: V128): V128 {
  const isMax = result.combine === "argMax";
  if (type === "f32") {
    const ahead = isMax ? f32x4.gt(x, best) : f32x4.lt(x, best);
    return v128.or(ahead, v128.and(f32x4.ne(x, x), f32x4.eq(best, best)));
  }
  if (type === "u32") return isMax ? i32x4.gtU(x, best) : i32x4.ltU(x, best);
  return isMax ? i32x4.gtS(x, best) : i32x4.ltS(x, best);
}
