/** Types of 64 bits, for elementary functions and for sums that need them. Most kernels do without, so they are imported from here and are no part of the index. */
import { binary, constantBytes, shift, unary } from "./simd.ts";
import { asF32, asF64, asI32, f64Constant, instruction, type F32Operand, type F64, type F64Operand, type I32Operand, type I64, type V128 } from "./value.ts";

const f64Binary = (code: number) => (a: F64Operand, b: F64Operand): F64 => instruction("f64", code, asF64(a), asF64(b));
const f64Unary = (code: number) => (a: F64Operand): F64 => instruction("f64", code, asF64(a));

export const i64 = {
  type: "i64",
  truncSatF64S: (a: F64Operand): I64 => instruction("i64", 0xfc06, asF64(a)),
} as const;

export const f64 = {
  type: "f64",
  const: f64Constant,
  add: f64Binary(0xa0),
  sub: f64Binary(0xa1),
  mul: f64Binary(0xa2),
  div: f64Binary(0xa3),
  trunc: f64Unary(0x9d),
  promoteF32: (a: F32Operand): F64 => instruction("f64", 0xbb, asF32(a)),
  convertI32S: (a: I32Operand): F64 => instruction("f64", 0xb7, asI32(a)),
  convertI32U: (a: I32Operand): F64 => instruction("f64", 0xb8, asI32(a)),
} as const;

export const i64x2 = {
  shl: shift(0xfdcb),
  add: binary(0xfdce),
} as const;

export const f64x2 = {
  all: (lane: number): V128 => constantBytes(new Uint8Array(new Float64Array(2).fill(lane).buffer)),
  add: binary(0xfdf0),
  sub: binary(0xfdf1),
  mul: binary(0xfdf2),
  div: binary(0xfdf3),
  /** As those of f32x4. */
  pmin: binary(0xfdf6),
  pmax: binary(0xfdf7),
  nearest: unary(0xfd94),
  promoteLowF32x4: unary(0xfd5f),
  convertLowI32x4S: unary(0xfdfe),
} as const;
