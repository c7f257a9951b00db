import type { Layout } from "@multiway/tensor/device";
import { packPanelsScratchBytes, panelSource } from "../blocks/panels.ts";
import { edgeBytes } from "../blocks/multiply.ts";
import { leftSource, rightSource } from "./matmul-functions.ts";

export interface BatchAxis {
  extent: number;
  strideA: number;
  strideB: number;
}

/** A product with as few axes as possible. Strides count elements. */
export interface MatmulProblem {
  batch: BatchAxis[];
  m: number;
  k: number;
  n: number;
  aRow: number;
  aK: number;
  bK: number;
  bColumn: number;
  aIsHalf: boolean;
  bIsHalf: boolean;
}

export interface MatmulPlan {
  left: number;
  right: number;
  pack: number;
  rowBlock: number;
  columnBlock: number;
  kBlock: number;
  /** Columns that one task of the packing phase packs. */
  groupColumns: number;
}

/** Joins batch axes that one stride describes, and those along which B repeats with the rows of A. */
export function matmulProblem(a: Layout, b: Layout, c: Layout): MatmulProblem {
  const rank = c.shape.length;
  const batch: BatchAxis[] = [];
  for (let axis = 0; axis < rank - 2; axis++) {
    const next = { extent: c.shape[axis]!, strideA: a.strides[axis]!, strideB: b.strides[axis]! };
    const last = batch.at(-1);
    if (next.extent === 1) continue;
    if (last && last.strideA === next.strideA * next.extent && last.strideB === next.strideB * next.extent) batch[batch.length - 1] = { ...next, extent: last.extent * next.extent };
    else batch.push(next);
  }
  let m = c.shape[rank - 2]!;
  let aRow = a.strides[rank - 2]!;
  for (let last = batch.at(-1); last !== undefined && last.strideB === 0 && (m === 1 || last.strideA === m * aRow); last = batch.at(-1)) {
    if (m === 1) aRow = last.strideA;
    m *= last.extent;
    batch.pop();
  }
  const k = a.shape[rank - 1]!;
  return {
    batch, m, k, n: c.shape[rank - 1]!, aRow,
    // A stride along one element says nothing: let it be the convenient one.
    aK: k === 1 ? 1 : a.strides[rank - 1]!,
    bK: b.strides[rank - 2]!,
    bColumn: c.shape[rank - 1] === 1 ? 1 : b.strides[rank - 1]!,
    aIsHalf: a.dtype === "f16",
    bIsHalf: b.dtype === "f16",
  };
}

export const product = (numbers: readonly number[]): number => numbers.reduce((x, y) => x * y, 1);
const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Blocks of equal size, a multiple of `multiple`, none larger than `largest`. */
function evenBlock(whole: number, blocks: number, multiple: number, largest = Infinity): number {
  const count = Math.max(1, Math.ceil(whole / largest), Math.min(blocks, Math.ceil(whole / multiple)));
  return Math.max(multiple, roundUp(Math.ceil(whole / count), multiple));
}

// A block of A stays in the second-level cache, a panel of B (32 bytes per k) and four rows of A in the first.
const largestRowBlock = 128;
const largestColumnBlock = 512;
const largestKBlock = 384;
/** A task below this is not worth handing out; about 20 µs. */
const leastFlops = 1e6;
/** Larger tasks leave threads waiting for the last one; about 0.3 ms. */
const mostFlops = 16e6;
/** Enough for eight threads to balance. */
const enoughTasks = 48;
/** Beyond this, tasks pack their own part of B. */
const mostSharedBytes = 32 * 2 ** 20;

export function planMatmul(problem: MatmulProblem): MatmulPlan {
  const { m, k, n, aRow, aK, bK, bColumn, aIsHalf, bIsHalf } = problem;
  const matrices = product(problem.batch.map(({ extent }) => extent));
  const packedMatrices = product(problem.batch.map(({ extent, strideB }) => (strideB === 0 ? 1 : extent)));
  const flops = 2 * m * k * n * matrices;
  const tasks = Math.max(1, Math.ceil(Math.max(Math.min(flops / leastFlops, enoughTasks), flops / mostFlops) / Math.max(1, matrices)));

  const left = aIsHalf ? (aRow === 1 && aK !== 1 ? leftSource.widenColumns : leftSource.widenRows)
    : aK === 1 ? leftSource.rows
    : aRow === 1 ? (m % 4 === 0 ? leftSource.columns : leftSource.packColumns)
    : leftSource.widenRows;
  const pack = bIsHalf ? (bK === 1 && bColumn !== 1 ? panelSource.widenColumns : panelSource.widenRows)
    : bColumn === 1 ? panelSource.rows
    : bK === 1 ? panelSource.columns
    : panelSource.widenRows;

  const kBlock = evenBlock(k, 1, 4, largestKBlock);
  const fewRows = m <= largestRowBlock;
  const canStay = pack === panelSource.rows && n % 8 === 0;
  if (fewRows) {
    // One block of rows: no part of B is packed twice. A is, so columns are split no further than 32.
    const columnBlock = evenBlock(n, tasks, left === leftSource.rows ? 8 : 32, largestColumnBlock);
    const rowBlock = roundUp(Math.max(m, 1), 4);
    return { left, right: canStay && m <= 32 ? rightSource.rows : rightSource.pack, pack, rowBlock, columnBlock, kBlock, groupColumns: 0 };
  }
  const isShared = packedMatrices * k * roundUp(n, 8) * 4 <= mostSharedBytes;
  const rowBlock = evenBlock(m, Math.min(tasks, Math.ceil(m / 32)), 4, isShared ? largestRowBlock : 2 * largestRowBlock);
  const columnBlock = evenBlock(n, Math.ceil(tasks / Math.ceil(m / rowBlock)), 8, largestColumnBlock);
  // About 5 µs of packing.
  const groupColumns = evenBlock(n, Math.ceil((n * k) / 32768), 8);
  return { left, right: isShared ? rightSource.panels : rightSource.pack, pack, rowBlock, columnBlock, kBlock, groupColumns };
}

/** Where the parts of a thread's scratch memory begin, and where they end. */
export function matmulScratch({ left, right, rowBlock, columnBlock, kBlock }: MatmulPlan): { bScratch: number; packScratch: number; scratchBytes: number } {
  const isInPlace = left === leftSource.rows || left === leftSource.columns;
  const bScratch = edgeBytes + (isInPlace ? 0 : roundUp(rowBlock * kBlock * 4, 64));
  const packScratch = bScratch + (right === rightSource.pack ? roundUp(columnBlock, 8) * kBlock * 4 : 0);
  return { bScratch, packScratch, scratchBytes: packScratch + packPanelsScratchBytes };
}
