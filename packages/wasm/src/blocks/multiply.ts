import { f32, f32x4, i32, select, v128, type Code, type FunctionReference, type I32, type Local, type ModuleBuilder } from "../assembler/index.ts";

/** Rows of a tile: four rows of two vectors are eight accumulators, which with two vectors of B and one of A stay in V8's sixteen registers. Six rows spill. */
export const tileRows = 4;
/** Columns of a tile, and of a panel of B. */
export const tileColumns = 8;
const tileVectors = tileColumns / 4;
/** Steps of k in one round of the loop. More of them leave less of the time to counters and pointers: without fused multiply-add an eighth. */
const stepsPerRound = 8;
/** Bytes of the scratch in which a tile at the edge is completed before its valid part is copied. */
export const edgeBytes = tileRows * tileColumns * 4;

/**
 * How a block of A lies in memory.
 *
 * `rows`: elements of a row are neighbours, `stride` bytes lead from row to row. Rows below the last are never read.
 * `columns`: elements of a column are neighbours, `stride` bytes lead from one k to the next; `tile` bytes lead from four rows to the next four
 * (16 in place, 16 · k packed). Up to three rows below the last are read.
 */
export type BlockOrder = "rows" | "columns";

export interface MultiplyOperands {
  a: I32;
  strideA: I32 | number;
  /** Only for `columns`. */
  tileA?: I32 | number;
  b: I32;
  /** Bytes from one k to the next: 32 in a packed panel. */
  strideB: I32 | number;
  /** Bytes from eight columns to the next eight. All eight of the last ones are read. */
  panelB: I32 | number;
  k: I32 | number;
  c: I32;
  strideC: I32 | number;
  rows: I32 | number;
  columns: I32 | number;
  /** 1 adds to what C holds, 0 overwrites it. */
  accumulate: I32 | number;
  /** `edgeBytes` of scratch. Not used with `wholeTiles`. */
  edge: I32;
  /** 1 where C has room for whole tiles of 4 × 8: what lies past the last row and column is then overwritten. Default 0. */
  wholeTiles?: I32 | number;
}

/** Writes a call of the block product C = A · B or C += A · B. Every element of C is summed in the order of k, whatever the size of the block. */
export function multiplyBlock(code: Code, module: ModuleBuilder, order: BlockOrder, o: MultiplyOperands): void {
  const multiply = module.shared(`multiply.${order}`, () => defineMultiply(module, order));
  code.call(multiply, o.a, o.strideA, o.tileA ?? 0, o.b, o.strideB, o.panelB, o.k, o.c, o.strideC, o.rows, o.columns, o.accumulate, o.edge, o.wholeTiles ?? 0);
}

type I32Parameters = readonly ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"];
const parameters = Array.from({ length: 14 }, () => "i32") as unknown as I32Parameters;

/** Copies or adds the valid part of a tile from scratch to C. */
function defineCopyEdge(module: ModuleBuilder): FunctionReference {
  return module.define(undefined, ["i32", "i32", "i32", "i32", "i32", "i32"], [], (code, edge, c, strideC, rows, columns, accumulate) => {
    const column = code.local("i32");
    code.repeat(i32.minS(rows, i32.const(tileRows)), () => {
      code.set(column, i32.const(0));
      code.while(i32.ltS(column, i32.minS(i32.shl(columns, 2), i32.const(tileColumns * 4))), () => {
        const from = f32.load(i32.add(edge, column));
        const to = i32.add(c, column);
        code.if(accumulate, () => code.store(to, f32.add(f32.load(to), from)), () => code.store(to, from));
        code.increase(column, 4);
      });
      code.increase(edge, tileColumns * 4);
      code.increase(c, strideC);
    });
  });
}

function defineMultiply(module: ModuleBuilder, order: BlockOrder): FunctionReference {
  const copyEdge = module.shared("multiply.copyEdge", () => defineCopyEdge(module));
  return module.define(
    undefined,
    parameters,
    [],
    (code, a, strideA, tileA, b, strideB, panelB, k, c, strideC, rows, columns, accumulate, edge, wholeTiles) => {
      const panel = code.local("i32");
      const rowsLeft = code.local("i32");
      const tile = code.local("i32");
      const out = code.local("i32");
      if (order === "rows") code.set(tileA, i32.mul(strideA, tileRows));
      code.while(i32.gtS(columns, 0), () => {
        code.set(tile, a);
        code.set(out, c);
        code.set(rowsLeft, rows);
        code.while(i32.gtS(rowsLeft, 0), () => {
          code.set(panel, b);
          const sums = multiplyTile(code, order, { tile, strideA, panel, strideB, k, rowsLeft });
          code.if(
            i32.or(wholeTiles, i32.and(i32.geS(rowsLeft, tileRows), i32.geS(columns, tileColumns))),
            () => storeTile(code, sums, out, strideC, accumulate),
            () => {
              sums.forEach((sum, position) => code.store(edge, sum, position * 16));
              code.call(copyEdge, edge, out, strideC, rowsLeft, columns, accumulate);
            },
          );
          code.increase(tile, tileA);
          code.set(out, i32.add(out, i32.mul(strideC, tileRows)));
          code.increase(rowsLeft, -tileRows);
        });
        code.increase(b, panelB);
        code.increase(c, tileColumns * 4);
        code.increase(columns, -tileColumns);
      });
    },
  );
}

interface TileOperands {
  tile: Local<"i32">;
  strideA: I32;
  /** Moved through the panel. */
  panel: Local<"i32">;
  strideB: I32;
  k: I32;
  rowsLeft: I32;
}

/** The loop in which all the time goes: per k, two loads of B, four broadcasts of A, eight multiply-adds. */
function multiplyTile(code: Code, order: BlockOrder, { tile, strideA, panel, strideB, k, rowsLeft }: TileOperands): Local<"v128">[] {
  const sums = Array.from({ length: tileRows * tileVectors }, () => code.let(f32x4.all(0)));
  const vectors = Array.from({ length: tileVectors }, () => code.local("v128"));
  const broadcast = code.local("v128");
  const pointers = [code.let(tile)];
  if (order === "rows") {
    // Rows below the last repeat it: their products are thrown away.
    for (let row = 1; row < tileRows; row++) {
      const above = pointers[row - 1]!;
      pointers.push(code.let(select(i32.add(above, strideA), above, i32.gtS(rowsLeft, row))));
    }
  }
  const left = code.let(k);
  code.if(i32.gtS(left, 0), () => {
    code.block((done) =>
      code.loop((again) => {
        for (let step = 0; step < stepsPerRound; step++) {
          // One at a time: V8 loads what a basic block needs before it computes, and a whole round's vectors would spill. The branches end the blocks.
          if (step > 0) code.branchIf(done, i32.eq(left, step));
          vectors.forEach((vector, position) => code.set(vector, v128.load(panel, 16 * position)));
          for (let row = 0; row < tileRows; row++) {
            code.set(broadcast, order === "rows" ? v128.load32Splat(pointers[row]!, 4 * step) : v128.load32Splat(pointers[0]!, 4 * row));
            vectors.forEach((vector, position) => {
              const sum = sums[row * tileVectors + position]!;
              code.set(sum, code.fusedMultiplyAdd(broadcast, vector, sum));
            });
          }
          code.increase(panel, strideB);
          if (order === "columns") code.increase(pointers[0]!, strideA);
        }
        if (order === "rows") for (const pointer of pointers) code.increase(pointer, 4 * stepsPerRound);
        code.set(left, i32.sub(left, stepsPerRound));
        code.branchIf(again, i32.gtS(left, 0));
      }),
    );
  });
  return sums;
}

function storeTile(code: Code, sums: readonly Local<"v128">[], out: I32, strideC: I32, accumulate: I32): void {
  const write = (withSum: boolean): void => {
    const row = code.let(out);
    for (let position = 0; position < sums.length; position++) {
      const offset = (position % tileVectors) * 16;
      const sum = sums[position]!;
      code.store(row, withSum ? f32x4.add(v128.load(row, offset), sum) : sum, offset);
      if (position % tileVectors === tileVectors - 1) code.increase(row, strideC);
    }
  };
  code.if(accumulate, () => write(true), () => write(false));
}
