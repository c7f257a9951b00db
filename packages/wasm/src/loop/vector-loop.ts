import { i32, type Code, type I32, type Local } from "../assembler/index.ts";
import type { CursorState } from "./cursors.ts";

export interface VectorLoop {
  axis: number;
  count: I32 | number;
  /** Vectors per round; 0 emits the body once, for whole and partial vectors alike. */
  unroll: number;
  /** `unroll` whole vectors. */
  whole(state: CursorState): void;
  /** One vector of which `left` elements count, if that is less than 4. */
  partial(state: CursorState, left: Local<"i32">): void;
}

/** Runs along an axis in vectors. Which element falls in which round and lane depends on the count alone. */
export function vectorLoop(code: Code, outer: CursorState, { axis, count, unroll, whole, partial }: VectorLoop): void {
  const state = outer.fork(code, axis);
  const perRound = 4 * unroll;
  if (unroll > 0) {
    code.repeat(typeof count === "number" ? Math.floor(count / perRound) : i32.shrU(count, Math.log2(perRound)), () => {
      whole(state);
      state.advance(code, axis, perRound);
    });
  }
  const rest = typeof count === "number" ? (unroll > 0 ? count % perRound : count) : unroll > 0 ? i32.and(count, perRound - 1) : count;
  if (rest === 0) return;
  const left = code.let(typeof rest === "number" ? i32.const(rest) : rest);
  if (typeof rest === "number" && rest <= 4) return partial(state, left);
  code.while(i32.gtS(left, 0), () => {
    partial(state, left);
    code.set(left, i32.sub(left, 4));
    state.advance(code, axis, 4);
  });
}

/** How many vectors a round should take: enough to hide the loop, few enough to stay in registers and compile fast. */
export function unrollFor(cost: number): number {
  if (cost <= 12) return 4;
  if (cost <= 32) return 2;
  return cost <= 64 ? 1 : 0;
}

/**
 * How many vectors of a long body should advance side by side: a chain of operations, each waiting for the one before, leaves a processor idle that cannot see
 * the next vector, as it sees some hundred instructions ahead. As many as registers hold; 1 where that is not worth its code.
 *
 * @param live how many values of one vector are needed at once, at most
 */
export function sideBySide(cost: number, live: number): number {
  if (cost <= 64) return 1;
  const most = live <= 3 ? 4 : live <= 6 ? 2 : 1;
  return cost * most <= 8000 ? most : 1;
}
