import { formatShape, formatValue, ShapeError } from "@multiway/errors";

/** Extents of a tensor, outermost axis first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements. */
export const sizeOf = (shape: Shape): number => {
  let size = 1;
  for (const extent of shape) size *= extent;
  return size;
};

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/** Row-major strides, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/** Throws {@link ShapeError} unless every extent is a whole number, 0 or more. */
export function requireShape(op: string, shape: Shape): void {
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new ShapeError(`${op}: shape ${formatShape(shape)} holds ${formatValue(extent)}; expected whole numbers, 0 or more.`, { details: { op, shape } });
    }
  }
}

/** A position counted from 0, for an axis that may count from the end. */
export function resolveAxis(op: string, axis: number, shape: Shape, name = "x"): number {
  const rank = shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const expected = rank === 0 ? "a scalar has no axes" : `expected ${-rank} to ${rank - 1}`;
    throw new ShapeError(`${op}: axis ${formatValue(axis)} is outside ${name} of shape ${formatShape(shape)}; ${expected}.`, { details: { op, axis, shape } });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Sorted positions for one axis, a list of axes, or all of them; throws when one is named twice. */
export function resolveAxes(op: string, axes: number | readonly number[] | undefined, shape: Shape): number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  const list = typeof axes === "number" ? [axes] : axes;
  const resolved = list.map((axis) => resolveAxis(op, axis, shape)).sort((a, b) => a - b);
  if (new Set(resolved).size !== resolved.length) {
    throw new ShapeError(`${op}: axes [${list.join(", ")}] name one axis of ${formatShape(shape)} twice; expected each at most once.`, { details: { op, axes, shape } });
  }
  return resolved;
}

/** The common shape of two operands: aligned at the end, where one of two unequal extents is 1. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = a[a.length - i] ?? 1;
    const y = b[b.length - i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: axis ${-i} has ${x} and ${y}; expected equal extents or a 1.`,
        { details: { op, a, b } },
      );
    }
    result[rank - i] = x === 1 ? y : x;
  }
  return result;
}

/** The shape with one −1 replaced by what the size leaves over. */
export function inferReshape(shape: Shape, from: Shape): number[] {
  const size = sizeOf(from);
  const unknown = shape.indexOf(-1);
  if (shape.some((extent) => !Number.isInteger(extent) || extent < -1) || unknown !== shape.lastIndexOf(-1)) {
    throw new ShapeError(`reshape: ${formatShape(shape)} is no shape; expected whole numbers, of which one may be -1.`, { details: { shape, from } });
  }
  const known = shape.reduce((product, extent) => (extent === -1 ? product : product * extent), 1);
  const result = [...shape];
  if (unknown >= 0 && known > 0 && size % known === 0) result[unknown] = size / known;
  if (result.includes(-1) || sizeOf(result) !== size) {
    throw new ShapeError(`reshape: ${formatShape(from)} has ${size} elements, which do not fill ${formatShape(shape)}; expected equal counts.`, {
      details: { shape, from },
    });
  }
  return result;
}
