import { formatShape, ShapeError } from "@multiway/errors";
import type { KernelOp } from "../op.ts";
import { sameShape } from "../shape.ts";
import { requireDType } from "./define.ts";

/** c[…, i, j] = Σ a[…, i, k] · b[…, k, j]. Batch axes have been broadcast before they get here. */
export const matmulOp: KernelOp<Record<string, never>> = {
  kind: "kernel",
  name: "matmul",
  kernel: "matmul",
  anyStrides: true,
  infer: ([a, b]) => {
    requireDType("matmul", a!, "float");
    requireDType("matmul", b!, "float", "other");
    const rank = a!.shape.length;
    if (a!.shape[rank - 1] !== b!.shape[rank - 2] || !sameShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2))) {
      throw new ShapeError(
        `matmul: shapes ${formatShape(a!.shape)} and ${formatShape(b!.shape)} do not fit: ${a!.shape[rank - 1]} columns meet ${b!.shape[rank - 2]} rows; expected equal numbers.`,
        { details: { a: a!.shape, b: b!.shape } },
      );
    }
    return [{ shape: [...a!.shape.slice(0, -1), b!.shape[rank - 1]!], dtype: "f32" }];
  },
  vjp: ({ inputs: [a, b], gradients: [gy], wants }) => [
    wants(0) ? gy!.matmul(b!.transpose()) : undefined,
    wants(1) ? a!.transpose().matmul(gy!) : undefined,
  ],
};
