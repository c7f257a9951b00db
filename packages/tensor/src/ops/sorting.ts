import type { KernelOp, Spec } from "../op.ts";
import { sizeOf } from "../shape.ts";
import { requireDType, widened } from "./define.ts";
import { iotaOp } from "./leaves.ts";

const rowsOf = (x: Spec): [number, number] => [sizeOf(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]!];

/** Sorts along the last axis, stable; second result: where each element was, i32. */
export const sortOp: KernelOp<{ descending: boolean }> = {
  kind: "kernel",
  name: "sort",
  kernel: "sort",
  infer: ([x]) => {
    requireDType("sort", x!, "number");
    return [
      { shape: x!.shape, dtype: widened(x!.dtype) },
      { shape: x!.shape, dtype: "i32" },
    ];
  },
  layout: ([x]) => ({ inputs: [rowsOf(x!)], outputs: [rowsOf(x!), rowsOf(x!)] }),
  // Each gradient goes back to where its element came from: a row-wise scatter, as one scatter over all elements.
  vjp: ({ inputs: [x], outputs: [, indices], gradients: [gy], apply }) => {
    const [rows, length] = rowsOf(x!);
    const [row] = apply(iotaOp, [], { shape: [rows, length], axis: 0 });
    const places = indices!.reshape([rows, length]).add(row!.mul(length)).reshape([rows * length]);
    return [gy!.reshape([rows * length, 1]).scatterAdd(places, rows * length).reshape(x!.shape)];
  },
};

/** Running sums along the last axis, each with its own element. */
export const cumulativeSumOp: KernelOp<Record<string, never>> = {
  kind: "kernel",
  name: "cumulativeSum",
  kernel: "cumulativeSum",
  infer: ([x]) => {
    requireDType("cumulativeSum", x!, "number");
    return [{ shape: x!.shape, dtype: widened(x!.dtype) }];
  },
  layout: ([x]) => ({ inputs: [rowsOf(x!)], outputs: [rowsOf(x!)] }),
  // The gradient sums from the other end.
  vjp: ({ gradients: [gy] }) => [gy!.flip([-1]).cumulativeSum(-1).flip([-1])],
};
