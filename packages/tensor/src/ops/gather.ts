import { DTypeError, formatShape, formatValue, ShapeError } from "@multiway/errors";
import type { KernelOp, Spec } from "../op.ts";
import { sizeOf } from "../shape.ts";
import { requireDType, widened } from "./define.ts";

const rowLength = (table: Spec) => sizeOf(table.shape.slice(1));

function requireIndices(op: string, indices: Spec): void {
  if (indices.dtype !== "i32") throw new DTypeError(`${op}: indices are ${indices.dtype}; expected i32. Convert with cast.`, { details: { op, dtype: indices.dtype } });
}

/** Rows of a table: result[i…] = table[indices[i…]]. An index outside the table reads zeros. */
export const gatherOp: KernelOp<Record<string, never>> = {
  kind: "kernel",
  name: "gather",
  kernel: "gather",
  infer: ([table, indices]) => {
    requireIndices("gather", indices!);
    if (table!.shape.length === 0) throw new ShapeError("gather: x is a scalar; expected at least one axis to take rows from.");
    return [{ shape: [...indices!.shape, ...table!.shape.slice(1)], dtype: widened(table!.dtype) }];
  },
  layout: ([table, indices]) => ({
    inputs: [[table!.shape[0]!, rowLength(table!)], [sizeOf(indices!.shape)]],
    outputs: [[sizeOf(indices!.shape), rowLength(table!)]],
  }),
  vjp: ({ inputs: [table, indices], gradients: [gy] }) => [
    gy!.reshape([sizeOf(indices!.shape), rowLength(table!)]).scatterAdd(indices!.reshape([sizeOf(indices!.shape)]), table!.shape[0]!).reshape(table!.shape),
  ],
};

/** Zeros plus rows: result[indices[i]] += updates[i], in the order of i. */
export const scatterAddOp: KernelOp<{ rows: number }> = {
  kind: "kernel",
  name: "scatterAdd",
  kernel: "scatterAdd",
  infer: ([indices, updates], { rows }) => {
    requireIndices("scatterAdd", indices!);
    requireDType("scatterAdd", updates!, "float", "updates");
    if (!Number.isInteger(rows) || rows < 0) throw new ShapeError(`scatterAdd: rows is ${formatValue(rows)}; expected a whole number, 0 or more.`, { details: { rows } });
    if (updates!.shape.length !== 2 || indices!.shape.length !== 1 || indices!.shape[0] !== updates!.shape[0]) {
      throw new ShapeError(
        `scatterAdd: indices of ${formatShape(indices!.shape)} and updates of ${formatShape(updates!.shape)}; expected [count] and [count, width].`,
        { details: { indices: indices!.shape, updates: updates!.shape } },
      );
    }
    return [{ shape: [rows, updates!.shape[1]!], dtype: "f32" }];
  },
  vjp: ({ inputs: [indices], gradients: [gy] }) => [undefined, gy!.gather(indices!)],
};
