import {
  asF32,
  asI32,
  instruction,
  load,
  opcode,
  value,
  type F32,
  type F32Operand,
  type I32,
  type I32Operand,
  type V128,
} from "./value.ts";

export const unary = (code: number) => (a: V128): V128 => instruction("v128", code, a);
export const binary = (code: number) => (a: V128, b: V128): V128 => instruction("v128", code, a, b);
const ternary = (code: number) => (a: V128, b: V128, c: V128): V128 => instruction("v128", code, a, b, c);
export const shift = (code: number) => (a: V128, count: I32Operand): V128 => instruction("v128", code, a, asI32(count));
const test = (code: number) => (a: V128): I32 => instruction("i32", code, a);

export function constantBytes(bytes: Uint8Array): V128 {
  return value("v128", (out) => {
    opcode(out, 0xfd0c);
    out.bytes(bytes);
  });
}

function extractI32(code: number) {
  return (a: V128, lane: number): I32 =>
    value("i32", (out) => {
      a.write(out);
      opcode(out, code);
      out.byte(lane);
    });
}

/** Bits, whatever they mean. */
export const v128 = {
  type: "v128",
  load: (address: I32Operand, offset = 0): V128 => load("v128", 0xfd00, 2, address, offset),
  load16x4U: (address: I32Operand, offset = 0): V128 => load("v128", 0xfd04, 1, address, offset),
  load32Splat: (address: I32Operand, offset = 0): V128 => load("v128", 0xfd09, 2, address, offset),
  /** 32 bits in lane 0, zeros above. */
  load32Zero: (address: I32Operand, offset = 0): V128 => load("v128", 0xfd5c, 2, address, offset),
  /** `vector` with one 32-bit lane read from memory. */
  load32Lane: (address: I32Operand, vector: V128, lane: number, offset = 0): V128 => loadLane(0xfd56, 2, address, vector, lane, offset),
  load16Lane: (address: I32Operand, vector: V128, lane: number, offset = 0): V128 => loadLane(0xfd55, 1, address, vector, lane, offset),
  not: unary(0xfd4d),
  and: binary(0xfd4e),
  /** a & ~b. */
  andNot: binary(0xfd4f),
  or: binary(0xfd50),
  xor: binary(0xfd51),
  /** Bits of `whenSet` where the mask is 1, of `whenClear` elsewhere. */
  bitselect: (whenSet: V128, whenClear: V128, mask: V128): V128 => instruction("v128", 0xfd52, whenSet, whenClear, mask),
  anyTrue: test(0xfd53),
} as const;

function loadLane(code: number, alignment: number, address: I32Operand, vector: V128, lane: number, offset: number): V128 {
  return value("v128", (out) => {
    asI32(address).write(out);
    vector.write(out);
    opcode(out, code);
    out.unsigned(alignment);
    out.unsigned(offset);
    out.byte(lane);
  });
}

export const i8x16 = {
  /** Bytes chosen from a (0 to 15) and b (16 to 31). */
  shuffle: (a: V128, b: V128, lanes: readonly number[]): V128 =>
    value("v128", (out) => {
      a.write(out);
      b.write(out);
      opcode(out, 0xfd0d);
      out.bytes(lanes);
    }),
} as const;

export const i16x8 = {
  /** Signed 32-bit lanes of both, saturated to u16. */
  narrowI32x4U: binary(0xfd86),
} as const;

export const i32x4 = {
  const: (...lanes: readonly [number, number, number, number]): V128 => constantBytes(new Uint8Array(Int32Array.from(lanes).buffer)),
  /** The same literal in all lanes. */
  all: (lane: number): V128 => constantBytes(new Uint8Array(new Int32Array(4).fill(lane).buffer)),
  splat: (a: I32Operand): V128 => instruction("v128", 0xfd11, asI32(a)),
  extractLane: extractI32(0xfd1b),
  replaceLane: (a: V128, lane: number, with_: I32Operand): V128 =>
    value("v128", (out) => {
      a.write(out);
      asI32(with_).write(out);
      opcode(out, 0xfd1c);
      out.byte(lane);
    }),
  /** 32-bit lanes chosen from a (0 to 3) and b (4 to 7). */
  shuffle: (a: V128, b: V128, lanes: readonly [number, number, number, number]): V128 =>
    i8x16.shuffle(a, b, lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte))),
  eq: binary(0xfd37),
  ne: binary(0xfd38),
  ltS: binary(0xfd39),
  ltU: binary(0xfd3a),
  gtS: binary(0xfd3b),
  gtU: binary(0xfd3c),
  leS: binary(0xfd3d),
  leU: binary(0xfd3e),
  geS: binary(0xfd3f),
  geU: binary(0xfd40),
  abs: unary(0xfda0),
  neg: unary(0xfda1),
  allTrue: test(0xfda3),
  shl: shift(0xfdab),
  shrS: shift(0xfdac),
  shrU: shift(0xfdad),
  add: binary(0xfdae),
  sub: binary(0xfdb1),
  mul: binary(0xfdb5),
  minS: binary(0xfdb6),
  minU: binary(0xfdb7),
  maxS: binary(0xfdb8),
  maxU: binary(0xfdb9),
  /** Saturating; NaN becomes 0. */
  truncSatF32x4S: unary(0xfdf8),
  truncSatF32x4U: unary(0xfdf9),
} as const;

export const f32x4 = {
  const: (...lanes: readonly [number, number, number, number]): V128 => constantBytes(new Uint8Array(Float32Array.from(lanes).buffer)),
  /** The same literal in all lanes. */
  all: (lane: number): V128 => constantBytes(new Uint8Array(new Float32Array(4).fill(lane).buffer)),
  splat: (a: F32Operand): V128 => instruction("v128", 0xfd13, asF32(a)),
  extractLane: (a: V128, lane: number): F32 =>
    value("f32", (out) => {
      a.write(out);
      opcode(out, 0xfd1f);
      out.byte(lane);
    }),
  shuffle: i32x4.shuffle,
  eq: binary(0xfd41),
  ne: binary(0xfd42),
  lt: binary(0xfd43),
  gt: binary(0xfd44),
  le: binary(0xfd45),
  ge: binary(0xfd46),
  ceil: unary(0xfd67),
  floor: unary(0xfd68),
  trunc: unary(0xfd69),
  /** Halves go to even. */
  nearest: unary(0xfd6a),
  abs: unary(0xfde0),
  neg: unary(0xfde1),
  sqrt: unary(0xfde3),
  add: binary(0xfde4),
  sub: binary(0xfde5),
  mul: binary(0xfde6),
  div: binary(0xfde7),
  /** NaN if either is NaN. */
  min: binary(0xfde8),
  max: binary(0xfde9),
  /** b < a ? b : a; cheaper than `min`, and gives `a` where either is NaN. */
  pmin: binary(0xfdea),
  /** a < b ? b : a; cheaper than `max`, and gives `a` where either is NaN. */
  pmax: binary(0xfdeb),
  convertI32x4S: unary(0xfdfa),
  convertI32x4U: unary(0xfdfb),
  demoteF64x2Zero: unary(0xfd5e),
  /** a · b + c with one rounding or two, as the machine likes; needs relaxed SIMD. See `Code.fusedMultiplyAdd`. */
  relaxedMadd: ternary(0xfd105),
} as const;
