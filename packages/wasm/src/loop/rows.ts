import { i32, select, type Code, type I32, type Local } from "../assembler/index.ts";
import type { CursorState, CursorTable } from "./cursors.ts";
import type { Axis, Nest } from "./nest.ts";

export interface Row {
  state: CursorState;
  /** How many elements an axis has here: its extent, or what is left of it in the last piece. */
  count(axis: Axis): I32 | number;
}

/**
 * Walks a range of rows: all indices of `axes`, the last one fastest. The range is cut into indices once; from then on cursors move by additions.
 */
export function forEachRow(
  code: Code,
  nest: Nest,
  axes: readonly number[],
  table: CursorTable,
  bases: readonly Local<"i32">[],
  firstRow: Local<"i32">,
  endRow: Local<"i32">,
  body: (row: Row) => void,
): void {
  const extents = axes.map((axis) => nest.kept[axis]!.extent);
  const state = table.open(code, bases);
  const counters = axes.map(() => code.local("i32"));
  const rest = code.let(firstRow);
  for (let position = axes.length - 1; position >= 0; position--) {
    const counter = counters[position]!;
    if (position === 0) code.set(counter, rest);
    else {
      code.set(counter, i32.remU(rest, extents[position]!));
      code.set(rest, i32.divU(rest, extents[position]!));
    }
    state.advance(code, axes[position]!, counter);
  }
  const count = (axis: Axis): I32 | number => {
    if (!axis.piece) return axis.extent;
    const { total, chunkAxis } = axis.piece;
    const last = total % axis.extent;
    if (last === 0) return axis.extent;
    const counter = counters[axes.indexOf(chunkAxis)]!;
    return select(i32.const(last), i32.const(axis.extent), i32.eq(counter, Math.ceil(total / axis.extent) - 1));
  };
  const left = code.let(i32.sub(endRow, firstRow));
  code.repeat(left, () => {
    body({ state, count });
    const step = (position: number): void => {
      if (position < 0) return;
      const counter = counters[position]!;
      code.increase(counter, 1);
      const next = (): void => {
        if (position === 0) return;
        code.set(counter, i32.const(0));
        state.carry(code, axes[position - 1]!, axes[position]!, extents[position]!);
        step(position - 1);
      };
      if (position > 0) code.if(i32.eq(counter, extents[position]!), next);
    };
    if (axes.length === 0) return;
    state.advance(code, axes.at(-1)!, 1);
    step(axes.length - 1);
  });
}
