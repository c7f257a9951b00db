import {
  asF32,
  asF64,
  asI32,
  f32Constant,
  i32Constant,
  instruction,
  load,
  value,
  type F32,
  type F32Operand,
  type F64Operand,
  type I32,
  type I32Operand,
  type I64,
  type Value,
  type ValueType,
} from "./value.ts";

const i32Binary = (code: number, fold?: (a: number, b: number) => number) => (a: I32Operand, b: I32Operand): I32 => {
  const x = asI32(a);
  const y = asI32(b);
  if (fold && x.constant !== undefined && y.constant !== undefined) return i32Constant(fold(x.constant, y.constant));
  return instruction("i32", code, x, y);
};
const i32Unary = (code: number) => (a: I32Operand): I32 => instruction("i32", code, asI32(a));
const f32Binary = (code: number) => (a: F32Operand, b: F32Operand): F32 => instruction("f32", code, asF32(a), asF32(b));
const f32Compare = (code: number) => (a: F32Operand, b: F32Operand): I32 => instruction("i32", code, asF32(a), asF32(b));

const plainAdd = i32Binary(0x6a, (a, b) => a + b);
const plainMultiply = i32Binary(0x6c, Math.imul);

/** i32 arithmetic. Literals fold, and adding 0 or multiplying by 0, 1 or a power of two costs what it should. */
export const i32 = {
  type: "i32",
  const: i32Constant,
  add(a: I32Operand, b: I32Operand): I32 {
    const x = asI32(a);
    const y = asI32(b);
    if (x.constant === 0) return y;
    return y.constant === 0 ? x : plainAdd(x, y);
  },
  sub(a: I32Operand, b: I32Operand): I32 {
    const y = asI32(b);
    return y.constant === 0 ? asI32(a) : i32Binary(0x6b, (x, z) => x - z)(a, y);
  },
  mul(a: I32Operand, b: I32Operand): I32 {
    const x = asI32(a);
    const y = asI32(b);
    if (x.constant !== undefined && y.constant === undefined) return i32.mul(y, x);
    if (y.constant === 0) return i32Constant(0);
    if (y.constant === 1) return x;
    if (y.constant !== undefined && x.constant === undefined && y.constant > 0 && (y.constant & (y.constant - 1)) === 0) {
      return i32.shl(x, 31 - Math.clz32(y.constant));
    }
    return plainMultiply(x, y);
  },
  divU: i32Binary(0x6e, (a, b) => ((a >>> 0) / (b >>> 0)) | 0),
  remU: i32Binary(0x70),
  and: i32Binary(0x71, (a, b) => a & b),
  or: i32Binary(0x72, (a, b) => a | b),
  xor: i32Binary(0x73, (a, b) => a ^ b),
  shl: i32Binary(0x74, (a, b) => a << b),
  shrS: i32Binary(0x75, (a, b) => a >> b),
  shrU: i32Binary(0x76, (a, b) => a >>> b),
  eqz: i32Unary(0x45),
  eq: i32Binary(0x46),
  ne: i32Binary(0x47),
  ltS: i32Binary(0x48),
  ltU: i32Binary(0x49),
  gtS: i32Binary(0x4a),
  leS: i32Binary(0x4c),
  geS: i32Binary(0x4e),
  minS: (a: I32, b: I32): I32 => select(a, b, i32.ltS(a, b)),
  reinterpretF32: (a: F32Operand): I32 => instruction("i32", 0xbc, asF32(a)),
  truncSatF64U: (a: F64Operand): I32 => instruction("i32", 0xfc03, asF64(a)),
  wrapI64: (a: I64): I32 => instruction("i32", 0xa7, a),
  load: (address: I32Operand, offset = 0): I32 => load("i32", 0x28, 2, address, offset),
  load16U: (address: I32Operand, offset = 0): I32 => load("i32", 0x2f, 1, address, offset),
} as const;

export const f32 = {
  type: "f32",
  const: f32Constant,
  add: f32Binary(0x92),
  sub: f32Binary(0x93),
  mul: f32Binary(0x94),
  copysign: f32Binary(0x98),
  ne: f32Compare(0x5c),
  demoteF64: (a: F64Operand): F32 => instruction("f32", 0xb6, asF64(a)),
  reinterpretI32: (a: I32Operand): F32 => instruction("f32", 0xbe, asI32(a)),
  load: (address: I32Operand, offset = 0): F32 => load("f32", 0x2a, 2, address, offset),
} as const;

/** `condition ? whenTrue : whenFalse`; both are evaluated. */
export function select<T extends ValueType>(whenTrue: Value<T>, whenFalse: Value<T>, condition: I32Operand): Value<T> {
  return value(whenTrue.type, (out) => {
    whenTrue.write(out);
    whenFalse.write(out);
    asI32(condition).write(out);
    out.byte(0x1b);
  });
}
