import { demand } from "../fault.ts";
import { demandShape, numberAttribute, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";

/** out = zeros; out[indices[i]] += updates[i] for i in order, where the index is inside */
export const scatterAdd: KernelOp = ({ inputs, outputs, attributes }) => {
  const [indices, updates] = inputs as [View, View];
  const out = outputs[0]!;
  const rows = numberAttribute(attributes, "rows");
  const [count, width] = updates.shape as [number, number];
  demand(updates.dtype === "f32", `updates are ${updates.dtype}; expected f32.`);
  demand(indices.dtype === "i32", `indices are ${indices.dtype}; expected i32.`);
  demandShape({ indices, updates, out }, { indices: [count], updates: [count, width], out: [rows, width] });

  out.fill(0);
  for (let i = 0; i < count; i++) {
    const row = indices.get(i);
    if (row < 0 || row >= rows) continue;
    for (let j = 0; j < width; j++) out.add(updates.get(i, j), row, j);
  }
};
