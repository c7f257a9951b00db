import { ShapeError, formatShape } from "@multiway/errors";

/** Height and width of a grid of patches. */
export type Grid = readonly [height: number, width: number];

/** Rows in front of the patches' own: two that nothing uses, and the class vector's. */
export const rowsBeforePatches = 3;

/**
 * A table of picture positions for another grid of patches: the first three rows stay, the rest is resampled by PyTorch's bicubic rule (a = −0.75, corners not aligned, no antialias, taps
 * clamped to the border), as microsoft/unilm: beit3/utils.py does; here for grids that are not square, too.
 *
 * @param table  [3 + height · width, width of the model], row-major
 * @param dim    width of the model
 */
export function resizePositions(table: Float32Array, dim: number, from: Grid, to: Grid): Float32Array {
  const [height, width] = from;
  if (table.length !== (rowsBeforePatches + height * width) * dim) {
    throw new ShapeError(`resizePositions: the table has ${table.length} elements; expected ${formatShape([rowsBeforePatches + height * width, dim])} for a grid of ${height} × ${width}.`);
  }
  const rows = tapsOf(height, to[0]);
  const columns = tapsOf(width, to[1]);
  const result = new Float32Array((rowsBeforePatches + to[0] * to[1]) * dim);
  result.set(table.subarray(0, rowsBeforePatches * dim));
  let at = rowsBeforePatches * dim;
  for (const row of rows) {
    for (const column of columns) {
      for (let channel = 0; channel < dim; channel++) {
        let sum = 0;
        for (const { index: y, weight: wy } of row) {
          let inner = 0;
          for (const { index: x, weight: wx } of column) inner += wx * table[(rowsBeforePatches + y * width + x) * dim + channel]!;
          sum += wy * inner;
        }
        result[at++] = sum;
      }
    }
  }
  return result;
}

interface Tap {
  index: number;
  weight: number;
}

/** For each new place along an axis: which old ones it is made of. */
function tapsOf(from: number, to: number): Tap[][] {
  if (from === to) return Array.from({ length: to }, (_, index) => [{ index, weight: 1 }]);
  return Array.from({ length: to }, (_, place) => {
    const source = ((place + 0.5) * from) / to - 0.5;
    const first = Math.floor(source);
    return [-1, 0, 1, 2].map((step) => ({ index: Math.min(from - 1, Math.max(0, first + step)), weight: cubic(Math.abs(source - first - step)) }));
  });
}

/** Keys' cubic convolution with a = −0.75. */
function cubic(t: number): number {
  const a = -0.75;
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}
