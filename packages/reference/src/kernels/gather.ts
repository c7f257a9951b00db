import { demand } from "../fault.ts";
import { demandShape, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";

/** out[i] = table[indices[i]], or zeros where the index is outside the table */
export const gather: KernelOp = ({ inputs, outputs }) => {
  const [table, indices] = inputs as [View, View];
  const out = outputs[0]!;
  const [rows, width] = table.shape as [number, number];
  const count = indices.shape[0]!;
  demandShape({ table, indices, out }, { table: [rows, width], indices: [count], out: [count, width] });
  demand(indices.dtype === "i32", `indices are ${indices.dtype}; expected i32.`);
  const expected = table.dtype === "f16" ? "f32" : table.dtype;
  demand(out.dtype === expected, `the output is ${out.dtype}; expected ${expected}.`);

  for (let i = 0; i < count; i++) {
    const row = indices.get(i);
    const isInside = row >= 0 && row < rows;
    for (let j = 0; j < width; j++) out.set(isInside ? table.get(row, j) : 0, i, j);
  }
};
