import type { Code, Local } from "../assembler/index.ts";
import { BodyEmitter } from "./block.ts";
import { CursorTable } from "./cursors.ts";
import { costOf, mostLive, type Nest } from "./nest.ts";
import { forEachRow } from "./rows.ts";
import { sideBySide, unrollFor, vectorLoop } from "./vector-loop.ts";

/** A nest without reduction: rows are all kept indices but that of the vector axis. */
export function emitPointwise(
  code: Code, nest: Nest, vectorAxis: number, rowAxes: readonly number[], bases: readonly Local<"i32">[], firstRow: Local<"i32">, endRow: Local<"i32">,
): void {
  const table = new CursorTable(nest, [nest.body], nest.stores);
  forEachRow(code, nest, rowAxes, table, bases, firstRow, endRow, ({ state, count }) => {
    const outer = new BodyEmitter(code, nest, nest.body, { axis: vectorAxis, blocks: 1 });
    outer.emitInvariant(state, [vectorAxis]);
    const cost = costOf(nest.body);
    const abreast = sideBySide(cost, mostLive(nest.body, nest.stores));
    const unroll = abreast > 1 ? abreast : unrollFor(cost);
    vectorLoop(code, state, {
      axis: vectorAxis,
      count: count(nest.kept[vectorAxis]!),
      unroll,
      whole(inner) {
        const emitter = outer.fork({ axis: vectorAxis, blocks: unroll, sideBySide: abreast > 1 });
        emitter.emitRest(inner);
        for (const store of nest.stores) emitter.store(inner, store);
      },
      partial(inner, left) {
        const emitter = outer.fork({ axis: vectorAxis, blocks: 1, left });
        emitter.emitRest(inner);
        for (const store of nest.stores) emitter.store(inner, store);
      },
    });
  });
}

/** A nest without axes: one element. */
export function emitScalar(code: Code, nest: Nest, bases: readonly Local<"i32">[]): void {
  const state = new CursorTable(nest, [nest.body], nest.stores).open(code, bases);
  const emitter = new BodyEmitter(code, nest, nest.body, { axis: undefined, blocks: 1 });
  emitter.emitRest(state);
  for (const store of nest.stores) emitter.store(state, store);
}
