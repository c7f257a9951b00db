/** A Transformer block's products. */
export interface BlockShape {
  batch: number;
  length: number;
  embedDim: number;
  ffnDim: number;
}

/** [m, k] · [k, n]: one multiplication and one addition per term. */
export const productFlops = (m: number, k: number, n: number): number => 2 * m * k * n;

/** Scores q·kᵀ and the weighted sum of v, over all heads together: heads · headDim = embedDim. */
export const attentionFlops = (queries: number, keys: number, embedDim: number): number => 2 * productFlops(queries, embedDim, keys);

/** Query, key and value projections, attention, output projection, and the two matrices of the feed-forward part. */
export function blockFlops({ batch, length, embedDim, ffnDim }: BlockShape): number {
  const rows = batch * length;
  const projections = productFlops(rows, embedDim, 3 * embedDim) + productFlops(rows, embedDim, embedDim);
  return projections + batch * attentionFlops(length, length, embedDim) + 2 * productFlops(rows, embedDim, ffnDim);
}
