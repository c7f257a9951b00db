import { demand } from "../fault.ts";
import { demandShape, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";

/** Below 0 if `x` comes before `y` ascending. NaN counts as larger than everything and equal to itself. */
function compare(x: number, y: number): number {
  const xIsNaN = x !== x;
  const yIsNaN = y !== y;
  if (xIsNaN || yIsNaN) return Number(xIsNaN) - Number(yIsNaN);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Rows in order, and where each value stood. */
export const sort: KernelOp = ({ inputs, outputs, attributes }) => {
  const x = inputs[0]!;
  const [values, indices] = outputs as [View, View];
  const isDescending = attributes.descending === true;
  const [rows, length] = x.shape as [number, number];
  demand(x.dtype === "f32" || x.dtype === "i32" || x.dtype === "u32", `x is ${x.dtype}; expected f32, i32 or u32.`);
  demand(values.dtype === x.dtype && indices.dtype === "i32", `the outputs are ${values.dtype} and ${indices.dtype}; expected ${x.dtype} and i32.`);
  demandShape({ x, values, indices }, { x: [rows, length], values: [rows, length], indices: [rows, length] });

  for (let row = 0; row < rows; row++) {
    const order = Array.from({ length }, (_, i) => i);
    // Array.sort is stable; descending turns the comparison around, not the result, so equal values keep their order.
    order.sort((i, j) => (isDescending ? compare(x.get(row, j), x.get(row, i)) : compare(x.get(row, i), x.get(row, j))));
    order.forEach((from, i) => {
      values.set(x.get(row, from), row, i);
      indices.set(from, row, i);
    });
  }
};
