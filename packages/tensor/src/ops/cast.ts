import { registerType, type DType } from "../dtype.ts";
import type { KernelOp, PointwiseOp } from "../op.ts";
import { sizeOf } from "../shape.ts";
import { requireDType } from "./define.ts";

/** The same values as another dtype. To f16 goes through {@link packHalfOp}. */
export const castOp: PointwiseOp<{ dtype: DType }> = {
  kind: "pointwise",
  name: "cast",
  cheap: true,
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
  expression: (k, [x], { dtype }) => k.cast(x!, registerType(dtype)),
  // Only a float that stays a float carries a gradient.
  vjp: ({ inputs: [x], outputs: [y], gradients: [gy] }) => [isFloating(x!.dtype) && isFloating(y!.dtype) ? gy! : undefined],
};

/** The same 32 bits as another dtype. Bits carry no gradient. */
export const bitcastOp: PointwiseOp<{ dtype: DType }> = {
  kind: "pointwise",
  name: "bitcast",
  cheap: true,
  infer: ([x], { dtype }) => [{ shape: x!.shape, dtype }],
  expression: (k, [x], { dtype }) => k.bitcast(x!, registerType(dtype)),
  vjp: "none",
};

/** f32 rounded to half floats, two bytes each. */
export const packHalfOp: KernelOp<Record<string, never>> = {
  kind: "kernel",
  name: "packHalf",
  kernel: "packHalf",
  infer: ([x]) => {
    requireDType("cast", x!, "float");
    return [{ shape: x!.shape, dtype: "f16" }];
  },
  layout: ([x]) => ({ inputs: [[sizeOf(x!.shape)]], outputs: [[sizeOf(x!.shape)]] }),
  vjp: ({ gradients: [gy] }) => [gy],
};

const isFloating = (dtype: DType) => dtype === "f32" || dtype === "f16";
