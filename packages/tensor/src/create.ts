import { OptionError, ShapeError } from "@multiway/errors";
import type { DType } from "./dtype.ts";
import { toElements, type TensorData, type TensorOptions } from "./device.ts";
import { Node } from "./node.ts";
import { dataOp, iotaOp } from "./ops/leaves.ts";
import { concatOp } from "./ops/views.ts";
import { promote } from "./promote.ts";
import { requireShape, resolveAxis, type Shape } from "./shape.ts";
import { apply, scalar, Tensor, type Operand } from "./tensor.ts";

/** Constants that belong to no device: they follow the tensors that they meet. For data, use `device.tensor`. */
export function constant(data: TensorData, options: TensorOptions = {}): Tensor {
  const { elements, shape, dtype } = toElements(data, options);
  return new Tensor({ node: new Node(dataOp, [], { shape, dtype }, [{ shape, dtype }], undefined, elements), output: 0 });
}

/** One number everywhere, as a constant. */
export function full(shape: Shape, value: number, { dtype = "f32" }: { dtype?: DType } = {}): Tensor {
  requireShape("full", shape);
  return scalar(value, dtype).expand(shape);
}
export const zeros = (shape: Shape, options: { dtype?: DType } = {}): Tensor => full(shape, 0, options);
export const ones = (shape: Shape, options: { dtype?: DType } = {}): Tensor => full(shape, 1, options);
export const zerosLike = (x: Tensor): Tensor => full(x.shape, 0, { dtype: x.dtype });
export const onesLike = (x: Tensor): Tensor => full(x.shape, 1, { dtype: x.dtype });

/** Whole numbers from `start` (default 0) up to but without `end`, `step` apart; i32 unless one of them has a fraction. */
export function arange(start: number, end?: number, step = 1): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  if (step === 0 || !Number.isFinite(from) || !Number.isFinite(to)) throw new OptionError(`arange: from ${from} to ${to} by ${step}; expected finite numbers, and a step other than 0.`);
  const count = Math.max(0, Math.ceil((to - from) / step));
  const positions = apply(iotaOp, [], { shape: [count], axis: 0 })[0]!;
  if (Number.isInteger(from) && Number.isInteger(to) && Number.isInteger(step)) return positions.mul(step).add(from);
  return positions.cast("f32").mul(step).add(from);
}

/** `count` numbers at equal distances from `start` to `end`, both included; f32. */
export function linspace(start: number, end: number, count: number): Tensor {
  return apply(iotaOp, [], { shape: [count], axis: 0 })[0]!.cast("f32").mul(count > 1 ? (end - start) / (count - 1) : 0).add(start);
}

const concatWidth = 6;

/** Tensors one behind the other along an axis. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new ShapeError("concat: no tensors were given; expected at least one.");
  if (tensors.length === 1) return first;
  // In groups, so that a device whose kernels touch few buffers can join any number; where there is room they end in one kernel all the same.
  if (tensors.length > concatWidth) {
    const groups = Array.from({ length: Math.ceil(tensors.length / concatWidth) }, (_, group) => tensors.slice(group * concatWidth, (group + 1) * concatWidth));
    return concat(groups.map((group) => concat(group, axis)), axis);
  }
  const dtype = tensors.reduce((joined, tensor) => promote("concat", joined, tensor.dtype), first.dtype);
  return apply(concatOp, tensors.map((tensor) => (dtype === "f32" && tensor.dtype === "f16" ? tensor : tensor.cast(dtype))), { axis: resolveAxis("concat", axis, first.shape) })[0]!;
}

/** Tensors of one shape side by side along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  return concat(tensors.map((tensor) => tensor.unsqueeze(axis)), axis);
}

/** `x` where the condition holds, else `y`. */
export const where = (condition: Tensor, x: Operand, y: Operand): Tensor => condition.where(x, y);
