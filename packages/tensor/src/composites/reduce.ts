import { resolveAxes, resolveAxis } from "../shape.ts";
import type { AxisOptions, Tensor } from "../tensor.ts";

const countOf = (x: Tensor, options: AxisOptions, op: string): number => resolveAxes(op, options.axis, x.shape).reduce((count, axis) => count * x.shape[axis]!, 1);

/** Σ x / n. */
export function mean(x: Tensor, options: AxisOptions): Tensor {
  return x.cast("f32").sum(options).mul(1 / countOf(x, options, "mean"));
}

/** Mean squared distance from the mean; `correction` is taken from the count (1 for the unbiased estimate, torch's default; 0 here). */
export function variance(x: Tensor, options: AxisOptions & { correction?: number }): Tensor {
  const centred = x.sub(mean(x, { ...options, keepDims: true }));
  return centred.mul(centred).sum(options).mul(1 / (countOf(x, options, "variance") - (options.correction ?? 0)));
}

/** log Σ exp x, with the largest element taken out first so that nothing overflows. */
export function logSumExp(x: Tensor, options: AxisOptions): Tensor {
  const largest = x.max({ ...options, keepDims: true }).stopGradient();
  const safe = largest.abs().less(Infinity).where(largest, 0);
  const sum = x.sub(safe).exp().sum({ ...options, keepDims: true }).log().add(safe);
  return options.keepDims ? sum : sum.squeeze(resolveAxes("logSumExp", options.axis, x.shape));
}

/** exp(x − max x) / Σ exp(x − max x). A line that is all −Infinity gives NaN, as in torch. */
export function softmax(x: Tensor, axis: number): Tensor {
  const along = resolveAxis("softmax", axis, x.shape);
  const exponential = x.sub(x.max({ axis: along, keepDims: true }).stopGradient()).exp();
  return exponential.div(exponential.sum({ axis: along, keepDims: true }));
}

/** x − log Σ exp x. */
export function logSoftmax(x: Tensor, axis: number): Tensor {
  const along = resolveAxis("logSoftmax", axis, x.shape);
  const shifted = x.sub(x.max({ axis: along, keepDims: true }).stopGradient());
  return shifted.sub(shifted.exp().sum({ axis: along, keepDims: true }).log());
}
