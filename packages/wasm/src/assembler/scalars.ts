import {
  asF32,
  asF64,
  asI32,
  f32Constant,
  f64Constant,
  i32Constant,
  i64Constant,
  instruction,
  load,
  opcode,
  value,
  type F32,
  type F32Operand,
  type F64,
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
const f32Unary = (code: number) => (a: F32Operand): F32 => instruction("f32", code, asF32(a));
const f32Compare = (code: number) => (a: F32Operand, b: F32Operand): I32 => instruction("i32", code, asF32(a), asF32(b));
const f64Binary = (code: number) => (a: F64Operand, b: F64Operand): F64 => instruction("f64", code, asF64(a), asF64(b));
const f64Unary = (code: number) => (a: F64Operand): F64 => instruction("f64", code, asF64(a));
const f64Compare = (code: number) => (a: F64Operand, b: F64Operand): I32 => instruction("i32", code, asF64(a), asF64(b));
const i64Binary = (code: number) => (a: I64, b: I64): I64 => instruction("i64", code, a, b);

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
  /** Traps on division by 0, as do the other three. */
  divS: i32Binary(0x6d),
  divU: i32Binary(0x6e, (a, b) => ((a >>> 0) / (b >>> 0)) | 0),
  remS: i32Binary(0x6f),
  remU: i32Binary(0x70),
  and: i32Binary(0x71, (a, b) => a & b),
  or: i32Binary(0x72, (a, b) => a | b),
  xor: i32Binary(0x73, (a, b) => a ^ b),
  shl: i32Binary(0x74, (a, b) => a << b),
  shrS: i32Binary(0x75, (a, b) => a >> b),
  shrU: i32Binary(0x76, (a, b) => a >>> b),
  clz: i32Unary(0x67),
  ctz: i32Unary(0x68),
  eqz: i32Unary(0x45),
  eq: i32Binary(0x46),
  ne: i32Binary(0x47),
  ltS: i32Binary(0x48),
  ltU: i32Binary(0x49),
  gtS: i32Binary(0x4a),
  gtU: i32Binary(0x4b),
  leS: i32Binary(0x4c),
  leU: i32Binary(0x4d),
  geS: i32Binary(0x4e),
  geU: i32Binary(0x4f),
  minS: (a: I32, b: I32): I32 => select(a, b, i32.ltS(a, b)),
  maxS: (a: I32, b: I32): I32 => select(a, b, i32.gtS(a, b)),
  minU: (a: I32, b: I32): I32 => select(a, b, i32.ltU(a, b)),
  reinterpretF32: (a: F32Operand): I32 => instruction("i32", 0xbc, asF32(a)),
  truncSatF32S: (a: F32Operand): I32 => instruction("i32", 0xfc00, asF32(a)),
  truncSatF32U: (a: F32Operand): I32 => instruction("i32", 0xfc01, asF32(a)),
  truncSatF64S: (a: F64Operand): I32 => instruction("i32", 0xfc02, asF64(a)),
  truncSatF64U: (a: F64Operand): I32 => instruction("i32", 0xfc03, asF64(a)),
  wrapI64: (a: I64): I32 => instruction("i32", 0xa7, a),
  load: (address: I32Operand, offset = 0): I32 => load("i32", 0x28, 2, address, offset),
  load8U: (address: I32Operand, offset = 0): I32 => load("i32", 0x2d, 0, address, offset),
  load16S: (address: I32Operand, offset = 0): I32 => load("i32", 0x2e, 1, address, offset),
  load16U: (address: I32Operand, offset = 0): I32 => load("i32", 0x2f, 1, address, offset),
  // There is no `memory.atomic.wait`: the baseline compiler of Node 20's V8 loses locals that live across it. Threads wait in JavaScript.
  atomicLoad: (address: I32Operand, offset = 0): I32 => load("i32", 0xfe10, 2, address, offset),
  /** Adds, and gives what was there before. */
  atomicAdd: (address: I32Operand, addend: I32Operand, offset = 0): I32 => atomic(0xfe1e, address, [asI32(addend)], offset),
  atomicExchange: (address: I32Operand, next: I32Operand, offset = 0): I32 => atomic(0xfe41, address, [asI32(next)], offset),
} as const;

function atomic(code: number, address: I32Operand, operands: readonly Value[], offset: number): I32 {
  return value("i32", (out) => {
    asI32(address).write(out);
    for (const operand of operands) operand.write(out);
    opcode(out, code);
    out.unsigned(2);
    out.unsigned(offset);
  });
}

export const i64 = {
  type: "i64",
  const: i64Constant,
  add: i64Binary(0x7c),
  sub: i64Binary(0x7d),
  mul: i64Binary(0x7e),
  and: i64Binary(0x83),
  or: i64Binary(0x84),
  xor: i64Binary(0x85),
  shl: i64Binary(0x86),
  shrS: i64Binary(0x87),
  shrU: i64Binary(0x88),
  extendI32S: (a: I32Operand): I64 => instruction("i64", 0xac, asI32(a)),
  extendI32U: (a: I32Operand): I64 => instruction("i64", 0xad, asI32(a)),
  truncSatF64S: (a: F64Operand): I64 => instruction("i64", 0xfc06, asF64(a)),
  load: (address: I32Operand, offset = 0): I64 => load("i64", 0x29, 3, address, offset),
} as const;

export const f32 = {
  type: "f32",
  const: f32Constant,
  add: f32Binary(0x92),
  sub: f32Binary(0x93),
  mul: f32Binary(0x94),
  div: f32Binary(0x95),
  min: f32Binary(0x96),
  max: f32Binary(0x97),
  copysign: f32Binary(0x98),
  abs: f32Unary(0x8b),
  neg: f32Unary(0x8c),
  ceil: f32Unary(0x8d),
  floor: f32Unary(0x8e),
  trunc: f32Unary(0x8f),
  /** Halves go to even. */
  nearest: f32Unary(0x90),
  sqrt: f32Unary(0x91),
  eq: f32Compare(0x5b),
  ne: f32Compare(0x5c),
  lt: f32Compare(0x5d),
  gt: f32Compare(0x5e),
  le: f32Compare(0x5f),
  ge: f32Compare(0x60),
  convertI32S: (a: I32Operand): F32 => instruction("f32", 0xb2, asI32(a)),
  convertI32U: (a: I32Operand): F32 => instruction("f32", 0xb3, asI32(a)),
  demoteF64: (a: F64Operand): F32 => instruction("f32", 0xb6, asF64(a)),
  reinterpretI32: (a: I32Operand): F32 => instruction("f32", 0xbe, asI32(a)),
  load: (address: I32Operand, offset = 0): F32 => load("f32", 0x2a, 2, address, offset),
} as const;

export const f64 = {
  type: "f64",
  const: f64Constant,
  add: f64Binary(0xa0),
  sub: f64Binary(0xa1),
  mul: f64Binary(0xa2),
  div: f64Binary(0xa3),
  abs: f64Unary(0x99),
  neg: f64Unary(0x9a),
  floor: f64Unary(0x9c),
  trunc: f64Unary(0x9d),
  nearest: f64Unary(0x9e),
  sqrt: f64Unary(0x9f),
  lt: f64Compare(0x63),
  gt: f64Compare(0x64),
  promoteF32: (a: F32Operand): F64 => instruction("f64", 0xbb, asF32(a)),
  convertI32S: (a: I32Operand): F64 => instruction("f64", 0xb7, asI32(a)),
  convertI32U: (a: I32Operand): F64 => instruction("f64", 0xb8, asI32(a)),
  load: (address: I32Operand, offset = 0): F64 => load("f64", 0x2b, 3, address, offset),
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
