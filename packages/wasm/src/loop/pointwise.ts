import { i32, type Code, type I32, type Local } from "../assembler/index.ts";
import { BodyEmitter } from "./block.ts";
import { CursorTable, type CursorState } from "./cursors.ts";
import { costOf, mostLive, type Nest } from "./nest.ts";
import { forEachRow } from "./rows.ts";
import { sideBySide, unrollFor, vectorLoop } from "./vector-loop.ts";

/** A nest without reduction: rows are all kept indices but that of the vector axis. */
export function emitPointwise(
  code: Code, nest: Nest, vectorAxis: number, rowAxes: readonly number[], bases: readonly Local<"i32">[], firstRow: Local<"i32">, endRow: Local<"i32">,
): void {
  const table = new CursorTable(nest, [nest.body], nest.stores);
  forEachRow(code, nest, rowAxes, table, bases, firstRow, endRow, ({ state, count }) => emitRow(code, nest, vectorAxis, state, count(nest.kept[vectorAxis]!)));
}

/** A block of one matrix. */
export interface MatrixBlock {
  /** Flat index over all axes before the last two. */
  matrix: I32;
  row: I32;
  column: I32;
  rows: I32;
  columns: I32;
}

/** A nest without reduction on a block of rows and columns, its last two axes. */
export function emitOnBlock(code: Code, nest: Nest, bases: readonly Local<"i32">[], { matrix, row, column, rows, columns }: MatrixBlock): void {
  const state = new CursorTable(nest, [nest.body], nest.stores).open(code, bases);
  const [rowAxis, columnAxis] = [nest.kept.length - 2, nest.kept.length - 1];
  const rest = code.let(matrix);
  for (let axis = rowAxis - 1; axis >= 0; axis--) {
    const { extent } = nest.kept[axis]!;
    state.advance(code, axis, axis === 0 ? rest : i32.remU(rest, extent));
    code.set(rest, i32.divU(rest, extent));
  }
  state.advance(code, rowAxis, row);
  state.advance(code, columnAxis, column);
  code.repeat(rows, () => {
    emitRow(code, nest, columnAxis, state, columns);
    state.advance(code, rowAxis, 1);
  });
}

/** One row along the vector axis, from where the cursors stand. */
function emitRow(code: Code, nest: Nest, vectorAxis: number, state: CursorState, count: I32 | number): void {
  const outer = new BodyEmitter(code, nest, nest.body, { axis: vectorAxis, blocks: 1 });
  outer.emitInvariant(state, [vectorAxis]);
  const cost = costOf(nest.body);
  const abreast = sideBySide(cost, mostLive(nest.body, nest.stores));
  const unroll = abreast > 1 ? abreast : unrollFor(cost);
  vectorLoop(code, state, {
    axis: vectorAxis,
    count,
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
}

/** A nest without axes: one element. */
export function emitScalar(code: Code, nest: Nest, bases: readonly Local<"i32">[]): void {
  const state = new CursorTable(nest, [nest.body], nest.stores).open(code, bases);
  const emitter = new BodyEmitter(code, nest, nest.body, { axis: undefined, blocks: 1 });
  emitter.emitRest(state);
  for (const store of nest.stores) emitter.store(state, store);
}
