import { DTypeError, formatShape, ShapeError } from "@multiway/errors";
import type { KernelOp } from "../op.ts";
import { requireDType } from "./define.ts";

type CrossEntropyAttributes = { labelSmoothing: number };

/** Cross-entropy of each row of logits [rows, classes] with its target [rows]; rows with a negative target give 0. Second result: the logarithm of the softmax's denominator. */
export const crossEntropyOp: KernelOp<CrossEntropyAttributes> = {
  kind: "kernel",
  name: "crossEntropy",
  kernel: "crossEntropy",
  infer: ([logits, targets]) => {
    requireDType("crossEntropy", logits!, "float", "logits");
    if (targets!.dtype !== "i32") throw new DTypeError(`crossEntropy: targets are ${targets!.dtype}; expected i32 class numbers. Convert with cast.`);
    if (logits!.shape.length !== 2 || targets!.shape.length !== 1 || logits!.shape[0] !== targets!.shape[0]) {
      throw new ShapeError(`crossEntropy: logits of ${formatShape(logits!.shape)} and targets of ${formatShape(targets!.shape)}; expected [rows, classes] and [rows].`, {
        details: { logits: logits!.shape, targets: targets!.shape },
      });
    }
    return [
      { shape: targets!.shape, dtype: "f32" },
      { shape: targets!.shape, dtype: "f32" },
    ];
  },
  vjp: ({ inputs: [logits, targets], outputs: [, logSumExp], gradients: [gy], attributes, apply }) => [
    apply(crossEntropyBackwardOp, [logits!, targets!, logSumExp!, gy!], attributes)[0]!,
    undefined,
  ],
};

/** Gradient of {@link crossEntropyOp} in the logits. Not differentiable again: use `logSoftmax` where second derivatives are needed. */
export const crossEntropyBackwardOp: KernelOp<CrossEntropyAttributes> = {
  kind: "kernel",
  name: "crossEntropyBackward",
  kernel: "crossEntropyBackward",
  infer: ([logits]) => [{ shape: logits!.shape, dtype: "f32" }],
  vjp: "none",
};
