import { formatShape, OptionError, ShapeError } from "@multiway/errors";
import type { KernelOp, Spec } from "../op.ts";
import { sizeOf } from "../shape.ts";
import { requireDType } from "./define.ts";

const rowsOf = (x: Spec): [number, number] => {
  const width = x.shape[x.shape.length - 1]!;
  return [sizeOf(x.shape.slice(0, -1)), width];
};

/** (x − mean) / √(variance + ε) · gain + offset over the last axis (Ba, Kiros, Hinton 2016); further results: mean and 1/√(variance + ε). */
export const layerNormOp: KernelOp<{ epsilon: number }> = {
  kind: "kernel",
  name: "layerNorm",
  kernel: "layerNorm",
  infer: ([x, gain, offset]) => {
    requireDType("layerNorm", x!, "float");
    const width = x!.shape[x!.shape.length - 1];
    for (const [name, spec] of [["gain", gain!], ["offset", offset!]] as const) {
      requireDType("layerNorm", spec, "float", name);
      if (spec.shape.length !== 1 || spec.shape[0] !== width) {
        throw new ShapeError(`layerNorm: ${name} has shape ${formatShape(spec.shape)} beside x of ${formatShape(x!.shape)}; expected [${width ?? "width"}], the last extent of x.`, {
          details: { x: x!.shape, [name]: spec.shape },
        });
      }
    }
    const rows = x!.shape.slice(0, -1);
    return [
      { shape: x!.shape, dtype: "f32" },
      { shape: rows, dtype: "f32" },
      { shape: rows, dtype: "f32" },
    ];
  },
  layout: ([x, gain, offset]) => ({ inputs: [rowsOf(x!), gain!.shape, offset!.shape], outputs: [rowsOf(x!), [rowsOf(x!)[0]], [rowsOf(x!)[0]]] }),
  vjp: ({ inputs: [x, gain], outputs: [, mean, reciprocalDeviation], gradients: [gy, ofMean, ofDeviation], wants, apply }) => {
    if (ofMean || ofDeviation) {
      throw new OptionError("grad: layerNorm has no second gradient; its documentation says why. Compose the norm from mean() and sub() where one is needed.", { details: { op: "layerNorm" } });
    }
    const rank = x!.shape.length;
    const overRows = Array.from({ length: rank - 1 }, (_, axis) => axis);
    const normalised = () => x!.sub(mean!.unsqueeze(-1)).mul(reciprocalDeviation!.unsqueeze(-1));
    return [
      wants(0) ? apply(layerNormBackwardOp, [x!, gain!, mean!, reciprocalDeviation!, gy!], {})[0]! : undefined,
      wants(1) ? gy!.mul(normalised()).sum({ axis: overRows }) : undefined,
      wants(2) ? gy!.sum({ axis: overRows }) : undefined,
    ];
  },
};

/** Gradient of {@link layerNormOp} in x. Not differentiable again: compose a norm from `mean` and `sub` where second derivatives are needed. */
export const layerNormBackwardOp: KernelOp<Record<string, never>> = {
  kind: "kernel",
  name: "layerNormBackward",
  kernel: "layerNormBackward",
  infer: ([x]) => [{ shape: x!.shape, dtype: "f32" }],
  layout: ([x, gain]) => ({ inputs: [rowsOf(x!), gain!.shape, [rowsOf(x!)[0]], [rowsOf(x!)[0]], rowsOf(x!)], outputs: [rowsOf(x!)] }),
  vjp: "none",
};
