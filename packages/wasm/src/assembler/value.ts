import type { ByteWriter } from "./bytes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

export const typeByte: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/**
 * A value as a recipe: code that puts it on the stack. The recipe is written out *at every use*, so a value that is used twice, or that
 * must not see later assignments, goes through `code.let`.
 */
export interface Value<T extends ValueType = ValueType> {
  readonly type: T;
  /** Set for literals of i32 and f32, so that arithmetic with them folds. */
  readonly constant?: number;
  write(out: ByteWriter): void;
}

export type I32 = Value<"i32">;
export type I64 = Value<"i64">;
export type F32 = Value<"f32">;
export type F64 = Value<"f64">;
export type V128 = Value<"v128">;

/** Numbers stand for literals where an i32 or f32 is wanted. */
export type I32Operand = I32 | number;
export type F32Operand = F32 | number;
export type F64Operand = F64 | number;

export function value<T extends ValueType>(type: T, write: (out: ByteWriter) => void): Value<T> {
  return { type, write };
}

export function i32Constant(constant: number): I32 {
  const wrapped = constant | 0;
  return {
    type: "i32",
    constant: wrapped,
    write(out) {
      out.byte(0x41);
      out.signed(wrapped);
    },
  };
}

export function f32Constant(constant: number): F32 {
  return {
    type: "f32",
    constant: Math.fround(constant),
    write(out) {
      out.byte(0x43);
      out.float32(constant);
    },
  };
}

export function f64Constant(constant: number): F64 {
  return value("f64", (out) => {
    out.byte(0x44);
    out.float64(constant);
  });
}

export const asI32 = (operand: I32Operand): I32 => (typeof operand === "number" ? i32Constant(operand) : operand);
export const asF32 = (operand: F32Operand): F32 => (typeof operand === "number" ? f32Constant(operand) : operand);
export const asF64 = (operand: F64Operand): F64 => (typeof operand === "number" ? f64Constant(operand) : operand);

/** Opcodes above 0xff are a prefix byte and a LEB128 number: 0xfd00 + n is SIMD instruction n, up to 0xfd113. */
export function opcode(out: ByteWriter, code: number): void {
  if (code <= 0xff) return out.byte(code);
  const prefix = code > 0xffff ? code >>> 12 : code >>> 8;
  out.byte(prefix);
  out.unsigned(code > 0xffff ? code & 0xfff : code & 0xff);
}

/** A parameter or local variable of a function. */
export class Local<T extends ValueType = ValueType> implements Value<T> {
  readonly type: T;
  readonly index: number;

  constructor(type: T, index: number) {
    this.type = type;
    this.index = index;
  }

  write(out: ByteWriter): void {
    out.byte(0x20);
    out.unsigned(this.index);
  }
}

/** An instruction with operands and no immediates. */
export function instruction<T extends ValueType>(type: T, code: number, ...operands: readonly Value[]): Value<T> {
  return value(type, (out) => {
    for (const operand of operands) operand.write(out);
    opcode(out, code);
  });
}

/** A load: address + offset, aligned to 2^alignment bytes as far as anyone knows. */
export function load<T extends ValueType>(type: T, code: number, alignment: number, address: I32Operand, offset: number): Value<T> {
  return value(type, (out) => {
    asI32(address).write(out);
    opcode(out, code);
    out.unsigned(alignment);
    out.unsigned(offset);
  });
}
