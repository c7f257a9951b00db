import { DTypeError } from "@multiway/errors";
import type { DType } from "./dtype.ts";

const rank: Record<DType, number> = { bool: 0, i32: 1, u32: 1, f16: 2, f32: 3 };

/** The dtype in which two operands meet: floats win over integers, integers over bools. i32 and u32 do not mix. */
export function promote(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  if (rank[a] === rank[b]) throw new DTypeError(`${op}: ${a} meets ${b}; expected one of them on both sides. Convert one with cast.`, { details: { op, a, b } });
  return rank[a] > rank[b] ? a : b;
}

/** The dtype that a plain number takes beside a tensor. */
export function dtypeOfNumber(value: number, beside: DType): DType {
  if (beside === "f32" || beside === "f16") return "f32";
  if (!Number.isInteger(value)) return "f32";
  if (beside === "bool") return "i32";
  return value < 0 && beside === "u32" ? "f32" : beside;
}
