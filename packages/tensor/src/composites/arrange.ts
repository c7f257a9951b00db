import { DTypeError, formatShape, ShapeError } from "@multiway/errors";
import { resolveAxis, sizeOf, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Each element's own position along an axis, i32. */
export type Positions = (shape: Shape, axis: number) => Tensor;

/** x repeated along each axis; more numbers than axes add axes in front. */
export function tile(x: Tensor, repeats: readonly number[]): Tensor {
  if (repeats.length < x.rank || repeats.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new ShapeError(`tile: repeats [${repeats.join(", ")}] for x of shape ${formatShape(x.shape)}; expected a whole number for each of its ${x.rank} axes, 0 or more.`, { details: { repeats, shape: x.shape } });
  }
  const shape = [...repeats.slice(x.rank).map(() => 1), ...x.shape];
  const wide = x.reshape(shape.flatMap((extent) => [1, extent])).expand(shape.flatMap((extent, axis) => [repeats[axis]!, extent]));
  return wide.reshape(shape.map((extent, axis) => extent * repeats[axis]!));
}

/** x where `keeps` holds for column − row of the last two axes, else 0. */
export function triangle(op: string, x: Tensor, keeps: (difference: Tensor) => Tensor, positions: Positions): Tensor {
  if (x.rank < 2) throw new ShapeError(`${op}: x has shape ${formatShape(x.shape)}; expected at least two axes.`, { details: { shape: x.shape } });
  const shape = x.shape.slice(-2);
  return keeps(positions(shape, 1).sub(positions(shape, 0))).where(x, 0);
}

/** result[…, i, …] = x[…, indices[…, i, …], …] along one axis: one lookup of single elements in x laid out flat. */
export function gatherAlong(x: Tensor, indices: Tensor, axis: number, positions: Positions): Tensor {
  const along = resolveAxis("gatherAlong", axis, x.shape);
  if (indices.dtype !== "i32") throw new DTypeError(`gatherAlong: indices are ${indices.dtype}; expected i32. Convert with cast.`, { details: { dtype: indices.dtype } });
  if (indices.rank !== x.rank || indices.shape.some((extent, a) => a !== along && extent !== x.shape[a])) {
    throw new ShapeError(`gatherAlong: indices of ${formatShape(indices.shape)} for x of ${formatShape(x.shape)}; expected equal extents on every axis but ${along}.`, { details: { indices: indices.shape, shape: x.shape } });
  }
  const [lines, wanted] = [x.transpose(along, -1), indices.transpose(along, -1)];
  const [length, count] = [lines.shape[x.rank - 1]!, wanted.shape[x.rank - 1]!];
  const rows = sizeOf(lines.shape.slice(0, -1));
  const flat = wanted.reshape([rows, count]);
  // What is outside its own line must not land in another one.
  const places = flat.greaterEqual(0).and(flat.less(length)).where(flat.add(positions([rows, count], 0).mul(length)), -1);
  return lines.reshape([rows * length]).gather(places).reshape(wanted.shape).transpose(along, -1);
}
