import { formatShape, ShapeError } from "@multiway/errors";
import type { AssembleOp, ViewOp } from "../op.ts";
import { requireShape } from "../shape.ts";

/** The same elements in row-major order under another shape. */
export const reshapeOp: ViewOp<{ shape: readonly number[] }> = {
  kind: "view",
  name: "reshape",
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  step: (_, { shape }) => ({ kind: "reshape", shape }),
  vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.reshape(x!.shape)],
};

/** Axes in another order. */
export const permuteOp: ViewOp<{ order: readonly number[] }> = {
  kind: "view",
  name: "permute",
  infer: ([x], { order }) => [{ shape: order.map((axis) => x!.shape[axis]!), dtype: x!.dtype }],
  step: (_, { order }) => ({ kind: "permute", order }),
  vjp: ({ gradients: [gy], attributes: { order } }) => [gy!.permute(order.map((_, axis) => order.indexOf(axis)))],
};

/** Axes of extent 1 repeated, new axes in front. */
export const expandOp: ViewOp<{ shape: readonly number[] }> = {
  kind: "view",
  name: "expand",
  infer: ([x], { shape }) => {
    requireShape("expand", shape);
    const added = shape.length - x!.shape.length;
    if (added < 0 || x!.shape.some((extent, axis) => extent !== 1 && extent !== shape[axis + added])) {
      throw new ShapeError(`expand: ${formatShape(x!.shape)} cannot be repeated to ${formatShape(shape)}; expected equal extents, or 1, counted from the end.`, {
        details: { from: x!.shape, shape },
      });
    }
    return [{ shape, dtype: x!.dtype }];
  },
  step: (_, { shape }) => ({ kind: "expand", shape }),
  vjp: ({ inputs: [x], gradients: [gy] }) => {
    const added = gy!.shape.length - x!.shape.length;
    const repeated = gy!.shape.map((_, axis) => axis).filter((axis) => axis < added || (x!.shape[axis - added] === 1 && gy!.shape[axis] !== 1));
    return [gy!.sum({ axis: repeated, keepDims: true }).reshape(x!.shape)];
  },
};

/** Every `steps[a]`-th element from `starts[a]` on, `shape[a]` of them. Bounds are checked where the public slice is resolved. */
export const sliceOp: ViewOp<{ starts: readonly number[]; steps: readonly number[]; shape: readonly number[] }> = {
  kind: "view",
  name: "slice",
  infer: ([x], { shape }) => [{ shape, dtype: x!.dtype }],
  step: (_, { starts, steps, shape }) => ({ kind: "slice", starts, steps, shape }),
  vjp: ({ inputs: [x], gradients: [gy], attributes: { starts, steps } }) => {
    let gradient = gy!;
    const rank = gradient.shape.length;
    // A negative step reads backwards: turn the gradient round, so that positions grow.
    const backward = steps.map((step, axis) => axis).filter((axis) => steps[axis]! < 0);
    if (backward.length > 0) gradient = gradient.flip(backward);
    const before: number[] = [];
    for (let axis = 0; axis < rank; axis++) {
      const count = gradient.shape[axis]!;
      const distance = Math.abs(steps[axis]!);
      before.push(steps[axis]! < 0 && count > 0 ? starts[axis]! + (count - 1) * steps[axis]! : starts[axis]!);
      if (distance === 1 || count <= 1) continue;
      // Put distance − 1 zeros behind each element, and drop those behind the last.
      const shape = [...gradient.shape];
      const spread = [...shape.slice(0, axis + 1), 1, ...shape.slice(axis + 1)];
      const wide = gradient.reshape(spread).pad(spread.map((_, i) => (i === axis + 1 ? [0, distance - 1] : [0, 0])));
      shape[axis] = count * distance;
      gradient = wide.reshape(shape).narrow(axis, 0, (count - 1) * distance + 1);
    }
    return [gradient.pad(before.map((start, axis) => [start, x!.shape[axis]! - start - gradient.shape[axis]!]))];
  },
};

/** Zeros (false for bools) around x. */
export const padOp: AssembleOp<{ before: readonly number[]; after: readonly number[] }> = {
  kind: "assemble",
  name: "pad",
  infer: ([x], { before, after }) => [{ shape: x!.shape.map((extent, axis) => extent + before[axis]! + after[axis]!), dtype: x!.dtype === "f16" ? "f32" : x!.dtype }],
  starts: (_, { before }) => [before],
  vjp: ({ inputs: [x], gradients: [gy], attributes: { before } }) => {
    let gradient = gy!;
    for (let axis = 0; axis < before.length; axis++) gradient = gradient.narrow(axis, before[axis]!, x!.shape[axis]!);
    return [gradient];
  },
};

/** Inputs one behind the other along an axis. */
export const concatOp: AssembleOp<{ axis: number }> = {
  kind: "assemble",
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    inputs.forEach(({ shape }, position) => {
      if (shape.length !== first!.shape.length || shape.some((extent, a) => a !== axis && extent !== first!.shape[a])) {
        throw new ShapeError(
          `concat: input ${position} has shape ${formatShape(shape)}, input 0 has ${formatShape(first!.shape)}; expected equal extents on every axis but ${axis}.`,
          { details: { axis, shapes: inputs.map((input) => input.shape) } },
        );
      }
    });
    const shape = [...first!.shape];
    shape[axis] = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
    return [{ shape, dtype: first!.dtype === "f16" ? "f32" : first!.dtype }];
  },
  starts: (inputs, { axis }) => {
    let start = 0;
    return inputs.map(({ shape }) => {
      const starts = shape.map(() => 0);
      starts[axis] = start;
      start += shape[axis]!;
      return starts;
    });
  },
  vjp: ({ inputs, gradients: [gy], attributes: { axis }, wants }) => {
    let start = 0;
    return inputs.map((input, position) => {
      const from = start;
      start += input.shape[axis]!;
      return wants(position) ? gy!.narrow(axis, from, input.shape[axis]!) : undefined;
    });
  },
};
