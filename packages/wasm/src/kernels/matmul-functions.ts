import { i32, type Code, type I32, type Local, type ModuleBuilder } from "../assembler/index.ts";
import { edgeBytes, multiplyBlock } from "../blocks/multiply.ts";
import { packRows } from "../blocks/pack.ts";
import { packPanels } from "../blocks/panels.ts";
import { widen } from "../blocks/widen.ts";
import type { BlockEpilogue, MatrixBlock } from "../loop/index.ts";
import { kernelFunction, type KernelFunction, type TaskRange } from "./kernel.ts";

/** Where the multiply loop finds a block of A. */
export const leftSource = {
  /** In place: rows are contiguous. */
  rows: 0,
  /** In place: columns are contiguous, and their number is a multiple of 4. */
  columns: 1,
  /** Columns are contiguous: packed by each task. */
  packColumns: 2,
  /** f16 or any strides: widened by each task; best if rows are contiguous. */
  widenRows: 3,
  /** The same; best if columns are contiguous. */
  widenColumns: 4,
} as const;

/** Where the multiply loop finds a block of B. */
export const rightSource = {
  /** In place: rows are contiguous, and as long as a multiple of 8. */
  rows: 0,
  /** In panels of all k, packed by the phase before. */
  panels: 1,
  /** Packed by each task, in the way of `pack`. */
  pack: 2,
} as const;

/** Batch axes: extents of all but the first; byte strides of all, of one operand. */
const batchOffset = (code: Code, batch: I32, extents: readonly I32[], strides: readonly I32[]): Local<"i32"> => {
  const rest = code.let(batch);
  const offset = code.let(i32.const(0));
  for (let axis = extents.length; axis > 0; axis--) {
    const extent = extents[axis - 1]!;
    code.increase(offset, i32.mul(i32.remU(rest, extent), strides[axis]!));
    code.set(rest, i32.divU(rest, extent));
  }
  code.increase(offset, i32.mul(rest, strides[0]!));
  return offset;
};

/** The smaller of `whole - from` and `block`. */
const part = (code: Code, whole: I32, from: I32, block: I32): Local<"i32"> => {
  const left = code.let(i32.sub(whole, from));
  return code.let(i32.minS(left, block));
};

/** Packs all of B into panels of eight columns and all k; a task is a group of panels of one matrix. */
export const matmulPack = kernelFunction({
  key: "matmul.pack",
  parameters: {
    b: "i32", to: "i32", k: "i32", n: "i32", bK: "i32", bColumn: "i32", isHalf: "i32", source: "i32", groupColumns: "i32", groups: "i32",
    extent1: "i32", extent2: "i32", extent3: "i32", b0: "i32", b1: "i32", b2: "i32", b3: "i32", matrixBytes: "i32",
  },
  body(code, p, module) {
    const task = code.local("i32");
    code.for(task, p.firstTask, p.endTask, 1, () => {
      const matrix = code.let(i32.divU(task, p.groups));
      const column = code.let(i32.mul(i32.remU(task, p.groups), p.groupColumns));
      const offset = batchOffset(code, matrix, [p.extent1, p.extent2, p.extent3], [p.b0, p.b1, p.b2, p.b3]);
      packPanels(code, module, {
        source: p.source,
        from: i32.add(i32.add(p.b, offset), i32.mul(column, p.bColumn)),
        strideK: p.bK,
        strideColumn: p.bColumn,
        isHalf: p.isHalf,
        k: p.k,
        columns: part(code, p.n, column, p.groupColumns),
        to: i32.add(i32.add(p.to, i32.mul(matrix, p.matrixBytes)), i32.mul(i32.shl(column, 2), p.k)),
        panelBytes: i32.shl(p.k, 5),
        scratch: p.scratch,
      });
    });
  },
});

const multiplyParameters = {
  a: "i32", b: "i32", c: "i32", m: "i32", k: "i32", n: "i32",
  aRow: "i32", aK: "i32", bK: "i32", bColumn: "i32", aIsHalf: "i32", bIsHalf: "i32",
  left: "i32", right: "i32", pack: "i32",
  rowBlock: "i32", columnBlock: "i32", kBlock: "i32", rowBlocks: "i32", columnBlocks: "i32", bScratch: "i32", packScratch: "i32",
  extent1: "i32", extent2: "i32", extent3: "i32",
  a0: "i32", a1: "i32", a2: "i32", a3: "i32", b0: "i32", b1: "i32", b2: "i32", b3: "i32",
} as const;

type MultiplyValues = { readonly [Name in keyof typeof multiplyParameters]: Local<"i32"> } & TaskRange;

/**
 * C = A · B; a task is a block of rows and columns of one matrix, which goes through k in blocks and adds up their products in order.
 *
 * Scratch holds an edge tile, then the block of A, then, from `bScratch` on, the block of B and what packing it needs, from `packScratch` on.
 *
 * @param finish what becomes of a block of C that is complete
 */
function multiply(code: Code, p: MultiplyValues, module: ModuleBuilder, finish?: (block: MatrixBlock) => void): void {
  const task = code.local("i32");
  const kDone = code.local("i32");
  const edge = p.scratch;
  const aScratch = code.let(i32.add(p.scratch, edgeBytes));
  const bScratch = code.let(i32.add(p.scratch, p.bScratch));
  code.for(task, p.firstTask, p.endTask, 1, () => {
    const rest = code.let(i32.divU(task, p.rowBlocks));
    const row = code.let(i32.mul(i32.remU(task, p.rowBlocks), p.rowBlock));
    const batch = code.let(i32.divU(rest, p.columnBlocks));
    const column = code.let(i32.mul(i32.remU(rest, p.columnBlocks), p.columnBlock));
    const rows = part(code, p.m, row, p.rowBlock);
    const columns = part(code, p.n, column, p.columnBlock);
    const extents = [p.extent1, p.extent2, p.extent3];
    const a = code.let(i32.add(i32.add(p.a, batchOffset(code, batch, extents, [p.a0, p.a1, p.a2, p.a3])), i32.mul(row, p.aRow)));
    const b = code.let(i32.add(p.b, batchOffset(code, batch, extents, [p.b0, p.b1, p.b2, p.b3])));
    code.if(
      i32.eq(p.right, rightSource.panels),
      () => code.increase(b, i32.mul(i32.shl(column, 2), p.k)),
      () => code.increase(b, i32.mul(column, p.bColumn)),
    );
    const strideC = code.let(i32.shl(p.n, 2));
    const c = code.let(i32.add(i32.add(p.c, i32.mul(i32.add(i32.mul(batch, p.m), row), strideC)), i32.shl(column, 2)));

    code.set(kDone, i32.const(0));
    // k = 0 takes one round too, which writes zeros.
    code.loop((again) => {
      const k = part(code, p.k, kDone, p.kBlock);
      const aBlock = code.let(i32.add(a, i32.mul(kDone, p.aK)));
      const bBlock = code.let(i32.add(b, i32.mul(kDone, p.bK)));
      const strideB = code.let(p.bK);
      const panelB = code.let(i32.const(32));
      code.if(i32.ne(p.right, rightSource.rows), () => {
        code.set(strideB, i32.const(32));
        code.if(
          i32.eq(p.right, rightSource.panels),
          () => {
            code.set(bBlock, i32.add(b, i32.shl(kDone, 5)));
            code.set(panelB, i32.shl(p.k, 5));
          },
          () => {
            code.set(panelB, i32.shl(k, 5));
            packPanels(code, module, {
              source: p.pack, from: bBlock, strideK: p.bK, strideColumn: p.bColumn, isHalf: p.bIsHalf, k, columns, to: bScratch, panelBytes: panelB,
              scratch: i32.add(p.scratch, p.packScratch),
            });
            code.set(bBlock, bScratch);
          },
        );
      });
      const common = { b: bBlock, strideB, panelB, k, c, strideC, rows, columns, accumulate: i32.gtS(kDone, 0), edge };
      const byColumns = (block: I32, strideA: I32 | number, tileA: I32 | number): void => multiplyBlock(code, module, "columns", { ...common, a: block, strideA, tileA });

      code.if(i32.eq(p.left, leftSource.packColumns), () => {
        packRows(code, module, 4, { from: aBlock, stride: p.aK, k, columns: rows, to: aScratch, panelBytes: i32.shl(k, 4) });
      });
      code.if(i32.eq(p.left, leftSource.widenColumns), () => {
        const from = { from: aBlock, strideRow: p.aK, strideColumn: p.aRow, rows: k, columns: rows };
        widen(code, module, { ...from, to: aScratch, strideTo: i32.shl(p.rowBlock, 2), isHalf: p.aIsHalf });
      });
      code.if(i32.eq(p.left, leftSource.widenRows), () => {
        const from = { from: aBlock, strideRow: p.aRow, strideColumn: p.aK, rows, columns: k };
        widen(code, module, { ...from, to: aScratch, strideTo: i32.shl(k, 2), isHalf: p.aIsHalf });
        code.set(aBlock, aScratch);
      });
      code.if(
        i32.or(i32.eq(p.left, leftSource.rows), i32.eq(p.left, leftSource.widenRows)),
        () => {
          const strideA = code.let(p.aRow);
          code.if(i32.eq(p.left, leftSource.widenRows), () => code.set(strideA, i32.shl(k, 2)));
          multiplyBlock(code, module, "rows", { ...common, a: aBlock, strideA });
        },
        () => {
          const strideA = code.let(p.aK);
          const tileA = code.let(i32.const(16));
          code.if(i32.eq(p.left, leftSource.packColumns), () => {
            code.set(strideA, i32.const(16));
            code.set(tileA, i32.shl(k, 4));
          });
          code.if(i32.eq(p.left, leftSource.widenColumns), () => code.set(strideA, i32.shl(p.rowBlock, 2)));
          code.if(i32.ne(p.left, leftSource.columns), () => code.set(aBlock, aScratch));
          byColumns(aBlock, strideA, tileA);
        },
      );
      code.increase(kDone, p.kBlock);
      code.branchIf(again, i32.ltS(kDone, p.k));
    });
    finish?.({ matrix: batch, row, column, rows, columns });
  });
}

export const matmulMultiply = kernelFunction({ key: "matmul.multiply", parameters: multiplyParameters, body: (code, p, module) => multiply(code, p, module) });

/** The product with an epilogue, which is handed the kernel's buffers as `e0`, `e1`, …. */
export function matmulMultiplyThen(epilogue: BlockEpilogue, numBuffers: number): KernelFunction {
  const names = Array.from({ length: numBuffers }, (_, buffer) => `e${buffer}`);
  return {
    key: `matmul.multiply ${epilogue.key}`,
    parameters: { ...multiplyParameters, ...Object.fromEntries(names.map((name) => [name, "i32" as const])) },
    body(code, values, module) {
      const p = values as unknown as MultiplyValues & Record<string, Local<"i32">>;
      const bases = names.map((name) => p[name]!);
      multiply(code, p, module, (block) => epilogue.emit(code, bases, block));
    },
  };
}
