import type { DType } from "@multiway/tensor/device";
import { f32x4, i32, i32x4, v128, type Code, type I32, type Local, type V128 } from "../assembler/index.ts";
import { widenHalf } from "../math/half.ts";

/** Four elements of a row as f32; `at` is where they would be, in bytes, if elements were f32. */
export function readVector(code: Code, dtype: DType, row: I32, at: I32): V128 {
  return dtype === "f16" ? widenHalf(code, v128.load16x4U(i32.add(row, i32.shrU(at, 1)))) : v128.load(i32.add(row, at));
}

/** The one to three elements behind the last whole vector of a row. Vectors read there hold whatever follows in memory. */
export interface Tail {
  count: Local<"i32">;
  /** Ones in the lanes of elements. */
  mask: Local<"v128">;
}

/**
 * Goes through a row by vectors: as many at a time as there are `lanes` to sum in, which hides the latency of sums; then one by one; then the tail.
 *
 * @param at    byte offset, for elements of four bytes
 * @param lane  which of the partial results this vector belongs to
 */
export function eachVector(code: Code, width: I32, lanes: number, body: (at: I32, lane: number, tail?: Tail) => void): void {
  const at = code.local("i32");
  const end = code.let(i32.shl(i32.and(width, -4), 2));
  code.set(at, i32.const(0));
  if (lanes > 1) {
    const rounds = code.let(i32.shl(i32.and(width, -4 * lanes), 2));
    code.while(i32.ltS(at, rounds), () => {
      for (let lane = 0; lane < lanes; lane++) body(lane === 0 ? at : code.let(i32.add(at, 16 * lane)), lane);
      code.increase(at, 16 * lanes);
    });
  }
  code.while(i32.ltS(at, end), () => {
    body(at, 0);
    code.increase(at, 16);
  });
  const count = code.let(i32.and(width, 3));
  code.if(count, () => body(at, 0, { count, mask: code.let(i32x4.gtS(i32x4.splat(count), i32x4.const(0, 1, 2, 3))) }));
}

/** `vector`, with 0 in place of what is behind the end of the row. */
export const orZero = (vector: V128, tail: Tail | undefined): V128 => (tail ? v128.and(vector, tail.mask) : vector);

/** Stores four elements, or those of the tail. */
export function storeVector(code: Code, row: I32, at: I32, vector: V128, tail: Pick<Tail, "count"> | undefined): void {
  const address = code.let(i32.add(row, at));
  if (!tail) return code.store(address, vector);
  const held = code.let(vector);
  code.storeLane32(address, held, 0);
  for (const lane of [1, 2]) code.if(i32.gtS(tail.count, lane), () => code.storeLane32(address, held, lane, 4 * lane));
}

/** Partial results of a row. */
export const partials = (code: Code, count: number, start: number): Local<"v128">[] => Array.from({ length: count }, () => code.let(f32x4.all(start)));

/** Joins partial results, then lanes, always in the same order; the result is in every lane. */
export function joinPartials(code: Code, parts: readonly V128[], combine: "add" | "pmax"): Local<"v128"> {
  const joined = code.let(parts.reduce((x, y) => f32x4[combine](x, y)));
  const halves = code.let(f32x4[combine](joined, f32x4.shuffle(joined, joined, [2, 3, 0, 1])));
  return code.let(f32x4[combine](halves, f32x4.shuffle(halves, halves, [1, 0, 3, 2])));
}
