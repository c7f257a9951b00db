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

/** Blocks of equal size, a multiple of `multiple`, about so many. */
function evenBlock(whole: number, blocks: number, multiple: number): number {
  return Math.max(multiple, roundUp(Math.ceil(whole / Math.max(1, blocks)), multiple));
}

/** Splits rows and columns until there are enough tasks: first to blocks that are good for the caches, then to ones that still are not bad. */
function splitBlocks(m: number, n: number, tasks: number, leastColumns: number): { rowBlock: number; columnBlock: number } {
  let rowBlocks = Math.ceil(m / largestRowBlock);
  let columnBlocks = Math.ceil(n / largestColumnBlock);
  for (const [rows, columns] of [[64, 256], [64, 128], [32, 128], [32, 64], [16, 32]] as const) {
    if (rowBlocks * columnBlocks < tasks) rowBlocks = Math.max(rowBlocks, Math.min(Math.floor(m / rows), Math.ceil(tasks / columnBlocks)));
    if (rowBlocks * columnBlocks < tasks) columnBlocks = Math.max(columnBlocks, Math.min(Math.floor(n / Math.max(columns, leastColumns)), Math.ceil(tasks / rowBlocks)));
    if (rows === 32 && rowBlocks * columnBlocks >= 16) break;
  }
  return { rowBlock: evenBlock(m, rowBlocks, 4), columnBlock: evenBlock(n, columnBlocks, 8) };
}

// A block of A stays in the second-level cache, a panel of B (32 bytes per k) and four rows of A in the first.
const largestRowBlock = 128;
const largestColumnBlock = 512;
const largestKBlock = 384;
/** Up to here all rows of A are one block, of so many elements. */
const mostUnsharedRows = 512;
const unsharedBlockElements = 80_000;
/** A task below this is not worth handing out; about 20 µs. */
const leastFlops = 1e6;
/** Larger tasks leave threads waiting for the last one; about 0.3 ms. */
const mostFlops = 16e6;
/** Enough for eight threads to balance. */
const enoughTasks = 48;
/** Columns of A are multiplied in place as long as their elements are this near in memory; beyond, too few fit in the first-level cache. */
const nearbyColumns = 256;
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
    : aRow === 1 ? (m % 4 === 0 && aK <= nearbyColumns ? leftSource.columns : leftSource.packColumns)
    : leftSource.widenRows;
  const pack = bIsHalf ? (bK === 1 && bColumn !== 1 ? panelSource.widenColumns : panelSource.widenRows)
    : bColumn === 1 ? panelSource.rows
    : bK === 1 ? panelSource.columns
    : panelSource.widenRows;

  const kBlock = evenBlock(k, Math.ceil(k / largestKBlock), 4);
  const isInPlace = left === leftSource.rows || left === leftSource.columns;
  if (m <= 32 || (m <= largestRowBlock && (left === leftSource.rows || flops < 4 * leastFlops))) {
    // One block of rows: no part of B is packed twice.
    const columnBlocks = Math.max(Math.ceil(n / largestColumnBlock), Math.min(tasks, Math.ceil(n / (isInPlace ? 8 : 64))));
    const canStay = pack === panelSource.rows && n % 8 === 0 && m <= 32;
    return {
      left, right: canStay ? rightSource.rows : rightSource.pack, pack,
      rowBlock: evenBlock(m, 1, 4), columnBlock: evenBlock(n, columnBlocks, 8), kBlock, groupColumns: 0,
    };
  }
  if (isInPlace && m <= mostUnsharedRows) {
    // The same, with A's block still in the second-level cache: B is packed where it is used, a part at a time, and needs no memory of its own.
    const columnBlocks = Math.max(Math.ceil(n / 64), Math.min(tasks, Math.floor(n / 32)));
    const kBlocks = Math.ceil(k / Math.min(largestKBlock, Math.floor(unsharedBlockElements / m)));
    return { left, right: rightSource.pack, pack, rowBlock: evenBlock(m, 1, 4), columnBlock: evenBlock(n, columnBlocks, 8), kBlock: evenBlock(k, kBlocks, 4), groupColumns: 0 };
  }
  const isShared = packedMatrices * k * roundUp(n, 8) * 4 <= mostSharedBytes;
  const { rowBlock, columnBlock } = isShared ? splitBlocks(m, n, tasks, isInPlace ? 0 : 128)
    : { rowBlock: evenBlock(m, Math.ceil(m / (2 * largestRowBlock)), 4), columnBlock: evenBlock(n, Math.ceil(n / 128), 8) };
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
