import { DataError } from "@multiway/errors";

/** The smallest of the sizes that holds `length`. Padding to few sizes keeps the number of compiled programs small. */
export function bucketFor(length: number, sizes: readonly number[]): number {
  const fitting = sizes.filter((size) => size >= length);
  if (fitting.length === 0) throw new DataError(`bucketFor: length ${length} is above the largest bucket, ${Math.max(...sizes)}; cut the sequence, or add a bucket.`, { details: { length, sizes } });
  return Math.min(...fitting);
}

/** Sequences of one batch side by side, padded at the end. @returns row-major [rows, width] and flags, 1 where padded */
export function padRows(rows: readonly ArrayLike<number>[], width: number, padding: number): { values: Int32Array; isPadding: Uint8Array } {
  const values = new Int32Array(rows.length * width).fill(padding);
  const isPadding = new Uint8Array(rows.length * width).fill(1);
  rows.forEach((row, index) => {
    if (row.length > width) throw new DataError(`padRows: row ${index} has ${row.length} items; expected at most ${width}. Cut it first.`, { details: { index, length: row.length, width } });
    values.set(row, index * width);
    isPadding.fill(0, index * width, index * width + row.length);
  });
  return { values, isPadding };
}
