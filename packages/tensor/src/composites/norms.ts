import { formatShape, ShapeError } from "@multiway/errors";
import { resolveAxes } from "../shape.ts";
import type { AxisOptions, Tensor } from "../tensor.ts";

/** √Σ x². The gradient at 0 is 0, as in torch. */
export function norm(x: Tensor, options: AxisOptions): Tensor {
  const sum = x.mul(x).sum(options);
  const isPositive = sum.greater(0);
  return isPositive.where(isPositive.where(sum, 1).sqrt(), sum.mul(0));
}

/** x / max(‖x‖, ε) along axes. */
export function normalize(x: Tensor, axis: number | readonly number[], epsilon: number): Tensor {
  const axes = resolveAxes("normalize", axis, x.shape);
  return x.mul(x.mul(x).sum({ axis: axes, keepDims: true }).maximum(epsilon * epsilon).rsqrt());
}

/** x·y / max(‖x‖ ‖y‖, ε) along an axis. */
export function cosineSimilarity(x: Tensor, y: Tensor, axis: number, epsilon: number): Tensor {
  const squares = x.mul(x).sum({ axis }).mul(y.mul(y).sum({ axis }));
  return x.mul(y).sum({ axis }).mul(squares.maximum(epsilon * epsilon).rsqrt());
}

/** Σ x y of two vectors. */
export function dot(x: Tensor, y: Tensor): Tensor {
  requireVectors("dot", x, y);
  if (x.size !== y.size) throw new ShapeError(`dot: shapes ${formatShape(x.shape)} and ${formatShape(y.shape)}; expected equal lengths.`, { details: { x: x.shape, y: y.shape } });
  return x.mul(y).sum();
}

/** Every product of an element of one vector with one of another. */
export function outer(x: Tensor, y: Tensor): Tensor {
  requireVectors("outer", x, y);
  return x.unsqueeze(1).mul(y);
}

function requireVectors(op: string, x: Tensor, y: Tensor): void {
  if (x.rank !== 1 || y.rank !== 1) throw new ShapeError(`${op}: shapes ${formatShape(x.shape)} and ${formatShape(y.shape)}; expected two vectors.`, { details: { x: x.shape, y: y.shape } });
}
