import type { DType } from "../dtype.ts";
import type { Combine } from "../kernel-ir.ts";
import type { Attributes, ReductionOp, Spec, Vjp } from "../op.ts";
import { requireDType, widened } from "./define.ts";

interface Axes extends Attributes {
  /** Sorted. The result keeps them with extent 1. */
  axes: readonly number[];
}

function reduction(name: string, combine: Combine, accepts: "number" | "float" | "bool", result: ((x: Spec) => DType) | undefined, vjp: Vjp<Axes> | "none"): ReductionOp<Axes> {
  return {
    kind: "reduction",
    name,
    combine,
    infer: ([x], { axes }) => {
      requireDType(name, x!, accepts);
      return [{ shape: x!.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)), dtype: result ? result(x!) : widened(x!.dtype) }];
    },
    vjp,
  };
}

/** Σ x. */
export const sumOp = reduction("sum", "sum", "number", undefined, ({ inputs: [x], gradients: [gy] }) => [gy!.expand(x!.shape)]);

/** Π x. The gradient divides by x, so a zero factor gives NaN there. */
export const prodOp = reduction("prod", "product", "number", undefined, ({ inputs: [x], outputs: [y], gradients: [gy] }) => [gy!.mul(y!).div(x!)]);

// Equal extremes share the gradient.
const toExtremes: Vjp<Axes> = ({ inputs: [x], outputs: [y], gradients: [gy], attributes: { axes } }) => {
  const isExtreme = x!.equal(y!).cast("f32");
  return [isExtreme.mul(gy!.div(isExtreme.sum({ axis: [...axes], keepDims: true })))];
};

/** The largest element; −Infinity of none. */
export const maxOp = reduction("max", "maximum", "number", undefined, toExtremes);
/** The smallest element; Infinity of none. */
export const minOp = reduction("min", "minimum", "number", undefined, toExtremes);

// Positions and truth values carry no gradient.
export const argMaxOp = reduction("argMax", "argMax", "number", () => "i32", () => [undefined]);
export const argMinOp = reduction("argMin", "argMin", "number", () => "i32", () => [undefined]);
export const anyOp = reduction("any", "any", "bool", () => "bool", () => [undefined]);
export const allOp = reduction("all", "all", "bool", () => "bool", () => [undefined]);
