import { sizeOf, type OpKernel } from "@multiway/tensor/device";
import { sizesOf } from "./matmul-parts.ts";

/** How a workgroup shares a tile of the result: each thread holds `rowsEach` × `columnsEach` elements in registers. */
export interface Tile {
  rows: number;
  columns: number;
  rowsEach: number;
  columnsEach: number;
}

/** Steps of k that are in workgroup memory at a time. 16 rows of two tiles of 128 fill what every adapter has: 16 KiB. */
export const tileDepth = 16;

/**
 * The tiles among which tuning chooses. With 8 × 8 elements per thread, products outnumber reads of workgroup memory by 16 to 1, with 4 × 4 by 8
 * to 1; smaller tiles make more workgroups. Every tile sums along k in the same order.
 */
export const tiles = {
  "128x128": { rows: 128, columns: 128, rowsEach: 8, columnsEach: 8 },
  "128x64": { rows: 128, columns: 64, rowsEach: 8, columnsEach: 8 },
  "64x128": { rows: 64, columns: 128, rowsEach: 8, columnsEach: 8 },
  "64x64": { rows: 64, columns: 64, rowsEach: 4, columnsEach: 4 },
  "32x64": { rows: 32, columns: 64, rowsEach: 4, columnsEach: 4 },
  "32x32": { rows: 32, columns: 32, rowsEach: 4, columnsEach: 4 },
} as const satisfies Record<string, Tile>;

export type TileName = keyof typeof tiles;
export const tileNames = Object.keys(tiles) as TileName[];

/** Tiles that a product's result takes, all batches together. */
export function tileCount(kernel: OpKernel, { rows, columns }: Pick<Tile, "rows" | "columns">): number {
  const { batch, m, n } = sizesOf(kernel);
  return sizeOf(batch) * Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** Without a measurement: the largest tile that leaves a GPU of some hundred cores with work for each. */
export function tileByShape(kernel: OpKernel): TileName {
  if (tileCount(kernel, tiles["128x128"]) >= 160) return "128x128";
  const { m } = sizesOf(kernel);
  if (m <= 32) return "32x64";
  return tileCount(kernel, tiles["64x64"]) >= 32 ? "64x64" : "32x32";
}

/**
 * Into how many pieces k is split, each a workgroup's of its own, where tiles are few and k is long. By the shape alone, whichever tile runs it: another
 * split would sum in another order.
 */
export function splitsByShape(kernel: OpKernel): number {
  const { k } = sizesOf(kernel);
  const count = tileCount(kernel, tiles["64x64"]);
  if (k < 1024 || count === 0 || count >= 128) return 1;
  return Math.min(8, Math.floor(k / 512), Math.ceil(256 / count));
}

/** The class of products that share a measurement: extents rounded up to 1, 1.5, 2, 3, 4, 6, …, dtypes, and which axes are contiguous. */
export function shapeClass(kernel: OpKernel): string {
  const { batch, m, k, n } = sizesOf(kernel);
  const layout = (of: OpKernel["inputs"][0]): string => `${of.dtype}${of.strides.at(-1) === 1 ? "r" : of.strides.at(-2) === 1 ? "c" : "s"}`;
  return `${[sizeOf(batch), m, k, n].map(roundedUp).join(" ")} ${kernel.inputs.map(layout).join(" ")}`;
}

function roundedUp(extent: number): number {
  const power = 2 ** Math.ceil(Math.log2(Math.max(extent, 1)));
  return power >= 4 && extent <= 0.75 * power ? 0.75 * power : power;
}
