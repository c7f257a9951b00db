import { DTypeError } from "@multiway/errors";
import type { DType } from "./dtype.ts";

const rank: Record<DType, number> = { bool: 0, i32: 1, u32: 1, f16: 2, f32: 3 };

/** The dtype in which two operands meet: floats win over integers, integers over bools. i32 and u32 do not mix. */
export function promote(op: string, a: DType, b: DType): DType {
  if (a === b) return a;
  if (rank[a] === rank[b]) throw new DTypeError(`${op}: ${a} meets ${b}; expected one of them on both sides. Convert one with cast.`, { details: { op, a, b } });
  return rank[a] > rank[b] ? a : b;
}

/** The dtype that a plain number takes beside a tensor: that of the tensor where it can hold the number, else f32. */
export function dtypeOfNumber(value: number, beside: DType): DType {
  if (beside === "f32" || beside === "f16") return "f32";
  if (!Number.isInteger(value)) return "f32";
  const dtype = beside === "bool" ? "i32" : beside;
  const [low, high] = dtype === "i32" ? [-2147483648, 2147483647] : [0, 4294967295];
  return value >= low && value <= high ? dtype : "f32";
}
