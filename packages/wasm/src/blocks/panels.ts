import { i32, type Code, type I32, type ModuleBuilder } from "../assembler/index.ts";
import { packColumns, packRows } from "./pack.ts";
import { widen } from "./widen.ts";

/** How the right-hand matrix [k, columns] of a product lies in memory, and so how it gets into panels. */
export const panelSource = {
  /** f32, rows contiguous. */
  rows: 0,
  /** f32, columns contiguous. */
  columns: 1,
  /** f16 or any strides; best if rows are contiguous. */
  widenRows: 2,
  /** f16 or any strides; best if columns are contiguous. */
  widenColumns: 3,
} as const;

/** Columns are widened in pieces of so many elements. */
const widenPiece = 512;
/** Scratch memory that {@link packPanels} needs. */
export const packPanelsScratchBytes = 8 * widenPiece * 4;

export interface PanelOperands {
  source: I32 | number;
  from: I32;
  /** Strides in bytes. */
  strideK: I32;
  strideColumn: I32;
  isHalf: I32 | number;
  k: I32;
  columns: I32;
  to: I32;
  panelBytes: I32;
  scratch: I32;
}

/** Packs a matrix that lies in memory in any of the ways of {@link panelSource} into panels of eight columns. */
export function packPanels(code: Code, module: ModuleBuilder, o: PanelOperands): void {
  const reference = module.shared("packPanels", () =>
    module.define(
      undefined,
      ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
      [],
      (inner, source, from, strideK, strideColumn, isHalf, k, columns, to, panelBytes, scratch) => {
        inner.if(i32.eq(source, panelSource.rows), () => {
          packRows(inner, module, 8, { from, stride: strideK, k, columns, to, panelBytes });
          inner.return();
        });
        inner.if(i32.eq(source, panelSource.columns), () => {
          packColumns(inner, module, { from, stride: strideColumn, k, columns, to, panelBytes });
          inner.return();
        });
        const done = inner.local("i32");
        inner.while(i32.gtS(columns, 0), () => {
          const width = inner.let(i32.minS(columns, i32.const(8)));
          inner.if(
            i32.eq(source, panelSource.widenRows),
            () => widen(inner, module, { from, strideRow: strideK, strideColumn, rows: k, columns: width, to, strideTo: 32, isHalf }),
            () =>
              inner.for(done, 0, k, widenPiece, () => {
                const piece = inner.let(i32.minS(i32.sub(k, done), i32.const(widenPiece)));
                const at = i32.add(from, i32.mul(done, strideK));
                widen(inner, module, { from: at, strideRow: strideColumn, strideColumn: strideK, rows: width, columns: piece, to: scratch, strideTo: widenPiece * 4, isHalf });
                packColumns(inner, module, { from: scratch, stride: widenPiece * 4, k: piece, columns: width, to: i32.add(to, i32.shl(done, 5)), panelBytes: 0 });
              }),
          );
          inner.set(from, i32.add(from, i32.shl(strideColumn, 3)));
          inner.increase(to, panelBytes);
          inner.increase(columns, -8);
        });
      },
    ),
  );
  code.call(reference, o.source, o.from, o.strideK, o.strideColumn, o.isHalf, o.k, o.columns, o.to, o.panelBytes, o.scratch);
}
