// Long because it is the one list of what a tensor can do; each method is a line that applies an op.
import { DeviceError, DTypeError, formatShape, formatValue, ShapeError } from "@multiway/errors";
import { gatherAlong, tile, triangle } from "./composites/arrange.ts";
import { cosineSimilarity, dot, norm, normalize, outer } from "./composites/norms.ts";
import { logSoftmax, logSumExp, mean, softmax, variance } from "./composites/reduce.ts";
import { resolveSlice, type SliceSpec } from "./composites/slice.ts";
import type { Device } from "./device.ts";
import type { DType, HostArray } from "./dtype.ts";
import { isFloat } from "./dtype.ts";
import { toNested, type Nested } from "./nested.ts";
import { Node, specOf, type Value } from "./node.ts";
import type { Attributes, Op } from "./op.ts";
import * as arithmetic from "./ops/arithmetic.ts";
import { attentionOp } from "./ops/attention.ts";
import { bitcastOp, castOp, packHalfOp } from "./ops/cast.ts";
import * as comparison from "./ops/comparison.ts";
import { crossEntropyOp } from "./ops/cross-entropy.ts";
import * as exponential from "./ops/exponential.ts";
import { gatherOp, scatterAddOp } from "./ops/gather.ts";
import { layerNormOp } from "./ops/layer-norm.ts";
import { fullOp, iotaOp, stopGradientOp } from "./ops/leaves.ts";
import * as logic from "./ops/logic.ts";
import { matmulOp } from "./ops/matmul.ts";
import * as reductions from "./ops/reductions.ts";
import * as rounding from "./ops/rounding.ts";
import { maximumOp, minimumOp, whereOp } from "./ops/selection.ts";
import { cumulativeSumOp, sortOp } from "./ops/sorting.ts";
import { expandOp, padOp, permuteOp, reshapeOp, sliceOp } from "./ops/views.ts";
import { dtypeOfNumber, promote } from "./promote.ts";
import { readStored } from "./realize.ts";
import { broadcastShapes, inferReshape, resolveAxes, resolveAxis, sameShape, sizeOf, type Shape } from "./shape.ts";

/** A tensor, or a number that takes the dtype of what it meets. */
export type Operand = Tensor | number;

export interface AxisOptions {
  /** One axis, several, or all when left out. Negative ones count from the end. */
  axis?: number | readonly number[] | undefined;
  /** Keep reduced axes with extent 1. Default false. */
  keepDims?: boolean | undefined;
}

export interface AttentionOptions {
  /** Added to the scaled scores; broadcasts to [batch, heads, queries, keys of all segments]. −Infinity hides a key. */
  bias?: Tensor | undefined;
  /** Factor of q·k. Default 1/√headDim. */
  scale?: number | undefined;
}

const none = {};

/**
 * An immutable array of numbers on a device, or a promise of one.
 *
 * Methods check shapes and dtypes at once, build a graph, and run nothing. Work happens at `await x.data()`, `await realize(tree)` or
 * in a compiled function. Operands broadcast; integers and floats mix as in PyTorch; half floats widen to f32.
 *
 * ```ts
 * const x = device.tensor([[1, 2], [3, 4]]);
 * const y = x.mul(2).add(1).sum({ axis: 0 });
 * await y.toArray(); // [10, 14]
 * ```
 */
export class Tensor implements Disposable {
  /** The graph's name for this tensor. For those who write ops. */
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }

  get shape(): Shape {
    return specOf(this.value).shape;
  }
  get dtype(): DType {
    return specOf(this.value).dtype;
  }
  get rank(): number {
    return this.shape.length;
  }
  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }
  /** Where the tensor lives; undefined for constants, which follow what they meet. */
  get device(): Device | undefined {
    return this.value.node.device;
  }

  // Reading and lifetime

  /** All elements, row-major: f32 and f16 as floats, bool as 0 and 1. Computes what is pending. */
  async data(): Promise<HostArray> {
    return await readStored(this.value);
  }
  /** Nested arrays; bools as true and false. A scalar is the number itself. */
  async toArray(): Promise<Nested> {
    return toNested(await this.data(), this.shape, this.dtype);
  }
  /** The one element. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError(`item: x has shape ${formatShape(this.shape)}; expected one element. Use toArray or data.`, { details: { shape: this.shape } });
    return (await this.data())[0]!;
  }
  /** Text that reads like PyTorch's, with the elements. */
  async format(): Promise<string> {
    const data = await this.data();
    const { formatTensor } = await import("./print.ts");
    return formatTensor(data, this.shape, this.dtype, this.device?.name);
  }
  /** Shape, dtype and device; the elements need {@link Tensor.format}. */
  toString(): string {
    return `Tensor(shape=${formatShape(this.shape)}, dtype=${this.dtype}${this.device ? `, device=${this.device.name}` : ""})`;
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
  /** Gives the memory back now rather than when the tensor is collected. Using the tensor afterwards throws. */
  dispose(): void {
    this.value.node.stored[this.value.output]?.free(`A tensor of shape ${formatShape(this.shape)} was used after dispose(). Keep it until its last use.`);
  }
  [Symbol.dispose](): void {
    this.dispose();
  }

  // Arithmetic

  /** x + other. */
  add(other: Operand): Tensor {
    return binary(arithmetic.addOp, this, other);
  }
  /** x − other. */
  sub(other: Operand): Tensor {
    return binary(arithmetic.subOp, this, other);
  }
  /** x · other, element by element. */
  mul(other: Operand): Tensor {
    return binary(arithmetic.mulOp, this, other);
  }
  /** x / other. Integers truncate toward zero. */
  div(other: Operand): Tensor {
    return binary(arithmetic.divOp, this, other);
  }
  /** The rest of x / other, with the sign of x. */
  remainder(other: Operand): Tensor {
    return binary(arithmetic.remainderOp, this, other);
  }
  /** x to a power. */
  pow(exponent: Operand): Tensor {
    if (exponent === 2) return this.mul(this);
    if (exponent === 1) return this;
    return binary(arithmetic.powOp, this.float("pow"), typeof exponent === "number" ? exponent : exponent.cast("f32"));
  }
  square(): Tensor {
    return this.mul(this);
  }
  neg(): Tensor {
    return unary(arithmetic.negOp, this);
  }
  abs(): Tensor {
    return unary(arithmetic.absOp, this);
  }
  /** −1, 0 or 1. */
  sign(): Tensor {
    return unary(arithmetic.signOp, this);
  }
  exp(): Tensor {
    return unary(exponential.expOp, this.float("exp"));
  }
  /** Natural logarithm. */
  log(): Tensor {
    return unary(exponential.logOp, this.float("log"));
  }
  sqrt(): Tensor {
    return unary(exponential.sqrtOp, this.float("sqrt"));
  }
  /** 1/√x. */
  rsqrt(): Tensor {
    return scalarLike(1, this).div(this.sqrt());
  }
  /** 1/x. */
  reciprocal(): Tensor {
    return scalarLike(1, this).div(this.float("reciprocal"));
  }
  sin(): Tensor {
    return unary(exponential.sinOp, this.float("sin"));
  }
  cos(): Tensor {
    return unary(exponential.cosOp, this.float("cos"));
  }
  tanh(): Tensor {
    return unary(exponential.tanhOp, this.float("tanh"));
  }
  erf(): Tensor {
    return unary(exponential.erfOp, this.float("erf"));
  }
  /** The share of a standard normal distribution below x, (1 + erf(x/√2)) / 2. In PyTorch: `torch.special.ndtr`. */
  normalCdf(): Tensor {
    return unary(exponential.normalCdfOp, this.float("normalCdf"));
  }
  sigmoid(): Tensor {
    return unary(exponential.sigmoidOp, this.float("sigmoid"));
  }
  /** Exact GELU, x times `normalCdf`. */
  gelu(): Tensor {
    return unary(exponential.geluOp, this.float("gelu"));
  }
  /** max(x, 0); the gradient at 0 is 0. */
  relu(): Tensor {
    return this.lessEqual(0).where(0, this);
  }
  /** x · sigmoid(x). */
  silu(): Tensor {
    return this.mul(this.sigmoid());
  }
  floor(): Tensor {
    return isFloat(this.dtype) ? unary(rounding.floorOp, this) : this;
  }
  ceil(): Tensor {
    return isFloat(this.dtype) ? unary(rounding.ceilOp, this) : this;
  }
  /** To the nearest whole number, halves to even. */
  round(): Tensor {
    return isFloat(this.dtype) ? unary(rounding.roundOp, this) : this;
  }
  /** Without the fraction. */
  trunc(): Tensor {
    return isFloat(this.dtype) ? unary(rounding.truncOp, this) : this;
  }
  maximum(other: Operand): Tensor {
    return binary(maximumOp, this, other);
  }
  minimum(other: Operand): Tensor {
    return binary(minimumOp, this, other);
  }
  /** Held between two bounds; the gradient is 0 outside. */
  clamp(low: number, high: number): Tensor {
    return this.maximum(low).minimum(high);
  }

  // Comparison and logic

  equal(other: Operand): Tensor {
    return binary(comparison.equalOp, this, other);
  }
  notEqual(other: Operand): Tensor {
    return binary(comparison.notEqualOp, this, other);
  }
  less(other: Operand): Tensor {
    return binary(comparison.lessOp, this, other);
  }
  lessEqual(other: Operand): Tensor {
    return binary(comparison.lessEqualOp, this, other);
  }
  greater(other: Operand): Tensor {
    return binary(comparison.greaterOp, this, other);
  }
  greaterEqual(other: Operand): Tensor {
    return binary(comparison.greaterEqualOp, this, other);
  }
  isNaN(): Tensor {
    return unary(comparison.isNaNOp, this);
  }
  /** Logical on bools, bitwise on integers. */
  and(other: Operand): Tensor {
    return binary(logic.andOp, this, other);
  }
  or(other: Operand): Tensor {
    return binary(logic.orOp, this, other);
  }
  xor(other: Operand): Tensor {
    return binary(logic.xorOp, this, other);
  }
  not(): Tensor {
    return unary(logic.notOp, this);
  }
  shiftLeft(bits: Operand): Tensor {
    return binary(logic.shiftLeftOp, this, bits);
  }
  shiftRight(bits: Operand): Tensor {
    return binary(logic.shiftRightOp, this, bits);
  }
  /** On a bool tensor: `x` where it is true, `y` elsewhere. */
  where(x: Operand, y: Operand): Tensor {
    const beside = x instanceof Tensor ? x : y instanceof Tensor ? y : undefined;
    const left = x instanceof Tensor ? x : scalar(x, beside ? dtypeOfNumber(x, beside.dtype) : "f32");
    const right = y instanceof Tensor ? y : scalar(y, beside ? dtypeOfNumber(y, beside.dtype) : "f32");
    const dtype = promote("where", left.dtype, right.dtype);
    const shape = broadcastShapes("where", broadcastShapes("where", this.shape, left.shape), right.shape);
    return apply(whereOp, [this.expand(shape), left.promoted(dtype).expand(shape), right.promoted(dtype).expand(shape)], none)[0]!;
  }
  /** `value` where `isMasked` holds. */
  maskedFill(isMasked: Tensor, value: number): Tensor {
    return isMasked.where(value, this);
  }

  // Conversion

  /** The same values as another dtype. Floats truncate toward zero; anything but 0 is true. */
  cast(dtype: DType): Tensor {
    if (dtype === this.dtype) return this;
    if (dtype === "f16") return apply(packHalfOp, [this.cast("f32")], none)[0]!;
    return apply(castOp, [this], { dtype })[0]!;
  }
  /** The same 32 bits as another dtype. */
  bitcast(dtype: "f32" | "i32" | "u32"): Tensor {
    if (this.dtype === "f16" || this.dtype === "bool") throw new DTypeError(`bitcast: x is ${this.dtype}; expected f32, i32, u32.`);
    return dtype === this.dtype ? this : apply(bitcastOp, [this], { dtype })[0]!;
  }
  /** The same value; no gradient flows through it. */
  stopGradient(): Tensor {
    return apply(stopGradientOp, [this], none)[0]!;
  }

  // Shape

  /** Row-major elements under another shape; one extent may be −1. */
  reshape(shape: Shape): Tensor {
    const resolved = inferReshape(shape, this.shape);
    return sameShape(resolved, this.shape) ? this : apply(reshapeOp, [this], { shape: resolved })[0]!;
  }
  /** Joins axes `from` to `to`, both included, into one. */
  flatten(from = 0, to = -1): Tensor {
    if (this.rank === 0) return this.reshape([1]);
    const first = resolveAxis("flatten", from, this.shape);
    const last = resolveAxis("flatten", to, this.shape);
    return this.reshape([...this.shape.slice(0, first), sizeOf(this.shape.slice(first, last + 1)), ...this.shape.slice(last + 1)]);
  }
  /** Axis `order[a]` becomes axis a. */
  permute(order: readonly number[]): Tensor {
    const resolved = order.map((axis) => resolveAxis("permute", axis, this.shape));
    if (resolved.length !== this.rank || new Set(resolved).size !== this.rank) {
      throw new ShapeError(`permute: order [${order.join(", ")}] for x of shape ${formatShape(this.shape)}; expected each of its ${this.rank} axes once.`, { details: { order, shape: this.shape } });
    }
    return resolved.every((axis, position) => axis === position) ? this : apply(permuteOp, [this], { order: resolved })[0]!;
  }
  /** Two axes exchanged; the last two by default. */
  transpose(axis0 = -2, axis1 = -1): Tensor {
    const order = this.shape.map((_, axis) => axis);
    const first = resolveAxis("transpose", axis0, this.shape);
    const second = resolveAxis("transpose", axis1, this.shape);
    order[first] = second;
    order[second] = first;
    return this.permute(order);
  }
  /** Repeats axes of extent 1, without copying; new axes come in front. −1 keeps an extent. */
  expand(shape: Shape): Tensor {
    const added = shape.length - this.rank;
    const resolved = shape.map((extent, axis) => (extent === -1 ? (this.shape[axis - added] ?? 1) : extent));
    return sameShape(resolved, this.shape) ? this : apply(expandOp, [this], { shape: resolved })[0]!;
  }
  /** A new axis of extent 1 at `axis`. */
  unsqueeze(axis: number): Tensor {
    const position = axis < 0 ? axis + this.rank + 1 : axis;
    if (!Number.isInteger(axis) || position < 0 || position > this.rank) {
      throw new ShapeError(`unsqueeze: axis ${formatValue(axis)} for x of shape ${formatShape(this.shape)}; expected ${-this.rank - 1} to ${this.rank}.`, { details: { axis, shape: this.shape } });
    }
    return this.reshape([...this.shape.slice(0, position), 1, ...this.shape.slice(position)]);
  }
  /** Without the named axes, which must have extent 1; without all such axes by default. */
  squeeze(axis?: number | readonly number[]): Tensor {
    const axes = axis === undefined ? this.shape.map((_, a) => a).filter((a) => this.shape[a] === 1) : resolveAxes("squeeze", axis, this.shape);
    const long = axes.find((a) => this.shape[a] !== 1);
    if (long !== undefined) throw new ShapeError(`squeeze: axis ${long} of ${formatShape(this.shape)} has extent ${this.shape[long]}; expected 1.`, { details: { axis: long, shape: this.shape } });
    return this.reshape(this.shape.filter((_, a) => !axes.includes(a)));
  }
  /**
   * Part of each axis, with Python's rules: `x.slice([null, [1, -1], [null, null, -1], 0])` is `x[:, 1:-1, ::-1, 0]`.
   * Axes that are not named are kept.
   */
  slice(specs: readonly SliceSpec[]): Tensor {
    const { starts, steps, shape, dropped } = resolveSlice(specs, this.shape);
    const whole = sameShape(shape, this.shape) && steps.every((step) => step === 1);
    const sliced = whole ? this : apply(sliceOp, [this], { starts, steps, shape })[0]!;
    return dropped.length > 0 ? sliced.squeeze(dropped) : sliced;
  }
  /** Element `position` along the first axis. */
  at(position: number): Tensor {
    return this.slice([position]);
  }
  /** `length` elements from `start` along one axis. */
  narrow(axis: number, start: number, length: number): Tensor {
    const along = resolveAxis("narrow", axis, this.shape);
    if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 0 || start + length > this.shape[along]!) {
      throw new ShapeError(`narrow: elements ${start} to ${start + length} of axis ${along} of ${formatShape(this.shape)}; expected 0 to ${this.shape[along]}.`, { details: { axis, start, length, shape: this.shape } });
    }
    return this.slice(this.shape.map((_, a) => (a === along ? [start, start + length] : null)));
  }
  /** Parts of `sizes` along one axis; one size cuts into equal parts, the last may be smaller. */
  split(sizes: number | readonly number[], axis = 0): Tensor[] {
    const along = resolveAxis("split", axis, this.shape);
    const extent = this.shape[along]!;
    if (typeof sizes === "number" && !(Number.isInteger(sizes) && sizes > 0)) throw new ShapeError(`split: size is ${formatValue(sizes)}; expected a whole number, 1 or more.`, { details: { sizes } });
    const list = typeof sizes === "number" ? Array.from({ length: Math.ceil(extent / sizes) }, (_, i) => Math.min(sizes, extent - i * sizes)) : sizes;
    if (list.reduce((sum, size) => sum + size, 0) !== extent) {
      throw new ShapeError(`split: sizes [${list.join(", ")}] do not add up to ${extent}, the extent of axis ${along} of ${formatShape(this.shape)}.`, { details: { sizes: list, shape: this.shape } });
    }
    let start = 0;
    return list.map((size) => this.narrow(along, (start += size) - size, size));
  }
  /** Elements in reverse order along the axes. */
  flip(axis: number | readonly number[]): Tensor {
    const axes = resolveAxes("flip", axis, this.shape);
    return this.slice(this.shape.map((_, a) => (axes.includes(a) ? [null, null, -1] : null)));
  }
  /** Zeros around x: [before, after] for each axis. */
  pad(amounts: readonly (readonly [number, number] | readonly number[])[]): Tensor {
    if (amounts.length !== this.rank || amounts.some(([before, after]) => !(before! >= 0) || !(after! >= 0))) {
      throw new ShapeError(`pad: ${JSON.stringify(amounts)} for x of shape ${formatShape(this.shape)}; expected [before, after] for each of ${this.rank} axes, 0 or more.`, { details: { amounts, shape: this.shape } });
    }
    if (amounts.every(([before, after]) => before === 0 && after === 0)) return this;
    return apply(padOp, [this], { before: amounts.map(([before]) => before!), after: amounts.map(([, after]) => after!) })[0]!;
  }

  /** x repeated `repeats[a]` times along each axis; more numbers than axes add axes in front. */
  tile(repeats: readonly number[]): Tensor {
    return tile(this, repeats);
  }
  /** The last two axes up to a diagonal, 0 above it. */
  tril(diagonal = 0): Tensor {
    return triangle("tril", this, (difference) => difference.lessEqual(diagonal), positions);
  }
  /** The last two axes from a diagonal on, 0 below it. */
  triu(diagonal = 0): Tensor {
    return triangle("triu", this, (difference) => difference.greaterEqual(diagonal), positions);
  }

  // Reductions

  sum(options: AxisOptions = {}): Tensor {
    return reduce(reductions.sumOp, this.dtype === "bool" ? this.cast("i32") : this, options);
  }
  mean(options: AxisOptions = {}): Tensor {
    return mean(this, options);
  }
  /** Mean squared distance from the mean; `correction: 1` for the unbiased estimate. */
  variance(options: AxisOptions & { correction?: number } = {}): Tensor {
    return variance(this, options);
  }
  prod(options: AxisOptions = {}): Tensor {
    return reduce(reductions.prodOp, this, options);
  }
  max(options: AxisOptions = {}): Tensor {
    return reduce(reductions.maxOp, this, options);
  }
  min(options: AxisOptions = {}): Tensor {
    return reduce(reductions.minOp, this, options);
  }
  /** Position of the first largest element along one axis, or of all elements; i32. */
  argMax(options: { axis?: number; keepDims?: boolean } = {}): Tensor {
    return reduce(reductions.argMaxOp, this, options);
  }
  argMin(options: { axis?: number; keepDims?: boolean } = {}): Tensor {
    return reduce(reductions.argMinOp, this, options);
  }
  any(options: AxisOptions = {}): Tensor {
    return reduce(reductions.anyOp, this.cast("bool"), options);
  }
  all(options: AxisOptions = {}): Tensor {
    return reduce(reductions.allOp, this.cast("bool"), options);
  }
  /** √Σ x²; the gradient at 0 is 0. */
  norm(options: AxisOptions = {}): Tensor {
    return norm(this.float("norm"), options);
  }
  /** x / max(‖x‖, ε), so that lines along `axis` have length 1. */
  normalize(axis: number | readonly number[] = -1, { epsilon = 1e-12 }: { epsilon?: number } = {}): Tensor {
    return normalize(this.float("normalize"), axis, epsilon);
  }
  /** x·y / max(‖x‖ ‖y‖, ε) along an axis. */
  cosineSimilarity(other: Tensor, axis = -1, { epsilon = 1e-8 }: { epsilon?: number } = {}): Tensor {
    return cosineSimilarity(this.float("cosineSimilarity"), other.float("cosineSimilarity"), axis, epsilon);
  }
  logSumExp(options: AxisOptions = {}): Tensor {
    return logSumExp(this.float("logSumExp"), options);
  }
  softmax(axis = -1): Tensor {
    return softmax(this.float("softmax"), axis);
  }
  logSoftmax(axis = -1): Tensor {
    return logSoftmax(this.float("logSoftmax"), axis);
  }
  /** Running sums along an axis. */
  cumulativeSum(axis = -1): Tensor {
    // Sums wrap in the same way whether the words have a sign or not, and devices sum i32.
    if (this.dtype === "u32") return this.bitcast("i32").cumulativeSum(axis).bitcast("u32");
    return alongLast("cumulativeSum", this, axis, (x) => apply(cumulativeSumOp, [x.widen()], none))[0]!;
  }
  /** Sorted along an axis (stable), and where each element was, i32. */
  sort({ axis = -1, descending = false }: { axis?: number; descending?: boolean } = {}): { values: Tensor; indices: Tensor } {
    const [values, indices] = alongLast("sort", this, axis, (x) => apply(sortOp, [x.widen()], { descending }));
    return { values: values!, indices: indices! };
  }
  /** The `count` largest along an axis, largest first, and where they were. */
  topK(count: number, axis = -1): { values: Tensor; indices: Tensor } {
    const extent = this.shape[resolveAxis("topK", axis, this.shape)]!;
    if (!Number.isInteger(count) || count < 0 || count > extent) throw new ShapeError(`topK: count is ${formatValue(count)} for axis ${axis} of ${formatShape(this.shape)}; expected 0 to ${extent}.`, { details: { count, axis, shape: this.shape } });
    const { values, indices } = this.sort({ axis, descending: true });
    return { values: values.narrow(axis, 0, count), indices: indices.narrow(axis, 0, count) };
  }

  // Products and lookups

  /**
   * Matrix product of the last two axes; axes before them broadcast. A vector on either side is a row or column whose axis goes away.
   *
   * @param other [k], [k, n] or [..., k, n] for x of [..., m, k]
   */
  matmul(other: Tensor): Tensor {
    return matmul(this, other);
  }
  /** Σ x y of two vectors. */
  dot(other: Tensor): Tensor {
    return dot(this, other);
  }
  /** [m] and [n] give all products, [m, n]. */
  outer(other: Tensor): Tensor {
    return outer(this, other);
  }
  /** Along one axis the elements at `indices`, which has the other extents of x (torch's `take_along_dim`). An index outside reads zeros. */
  gatherAlong(indices: Tensor, axis: number): Tensor {
    return gatherAlong(this, indices, axis, positions);
  }
  /** Rows of x along its first axis: x[indices]. An index outside reads zeros. */
  gather(indices: Tensor): Tensor {
    return apply(gatherOp, [this, indices], none)[0]!;
  }
  /** On updates [count, width]: `rows` rows of zeros, to which row i is added at `indices[i]`, in order. */
  scatterAdd(indices: Tensor, rows: number): Tensor {
    return apply(scatterAddOp, [indices, this.widen()], { rows })[0]!;
  }
  /** 1 where the class number is the position along a new last axis, else 0; f32. */
  oneHot(classes: number): Tensor {
    return this.unsqueeze(-1).equal(apply(iotaOp, [], { shape: [classes], axis: 0 })[0]!).cast("f32");
  }
  /** Layer norm over the last axis. */
  layerNorm(gain: Tensor, offset: Tensor, { epsilon = 1e-5 }: { epsilon?: number } = {}): Tensor {
    if (this.rank === 0) throw new ShapeError("layerNorm: x is a scalar; expected at least one axis.");
    return apply(layerNormOp, [this.float("layerNorm"), gain, offset], { epsilon })[0]!;
  }
  /**
   * On logits [..., classes]: cross-entropy with each target class; rows with a negative target give 0.
   *
   * @param targets [...] i32
   * @returns [...] f32
   */
  crossEntropy(targets: Tensor, { labelSmoothing = 0 }: { labelSmoothing?: number } = {}): Tensor {
    if (this.rank === 0 || !sameShape(this.shape.slice(0, -1), targets.shape)) {
      throw new ShapeError(`crossEntropy: logits of ${formatShape(this.shape)} and targets of ${formatShape(targets.shape)}; expected targets of ${formatShape(this.shape.slice(0, -1))}.`, { details: { logits: this.shape, targets: targets.shape } });
    }
    const rows = this.reshape([sizeOf(targets.shape), this.shape[this.rank - 1]!]);
    return apply(crossEntropyOp, [rows, targets.reshape([targets.size])], { labelSmoothing })[0]!.reshape(targets.shape);
  }
  /**
   * On a query [batch, length, heads, headDim]: softmax(scale · q kᵀ + bias) v.
   *
   * @param keys    one tensor, or segments, each [batch, keys, heads, headDim]; the segments are attended to as if they lay behind each other
   * @param values  like keys
   * @returns       [batch, length, heads, headDim]
   */
  attention(keys: Tensor | readonly Tensor[], values: Tensor | readonly Tensor[], options: AttentionOptions = {}): Tensor {
    const keyList = keys instanceof Tensor ? [keys] : keys;
    const valueList = values instanceof Tensor ? [values] : values;
    if (keyList.length !== valueList.length || keyList.length === 0) {
      throw new ShapeError(`attention: ${keyList.length} segments of keys and ${valueList.length} of values; expected as many of each, at least one.`);
    }
    const inputs: Tensor[] = [this, ...keyList.flatMap((key, segment) => [key, valueList[segment]!])];
    if (options.bias) {
      const { bias } = options;
      if (bias.dtype === "bool") throw new DTypeError("attention: bias is bool; expected numbers to add to the scores. Write isHidden.where(-Infinity, 0).");
      const [batch = 0, length = 0, heads = 0] = this.shape;
      const full = [batch, heads, length, keyList.reduce((sum, key) => sum + (key.shape[1] ?? 0), 0)];
      const fits = bias.rank <= 4 && bias.shape.every((extent, axis) => extent === 1 || extent === full[axis + 4 - bias.rank]);
      inputs.push(fits ? bias.cast("f32").expand(full) : bias);
    }
    const scale = options.scale ?? 1 / Math.sqrt(this.shape[3]!);
    return apply(attentionOp, inputs, { segments: keyList.length, hasBias: options.bias !== undefined, scale })[0]!;
  }

  private float(op: string): Tensor {
    if (this.dtype === "bool") throw new DTypeError(`${op}: x of shape ${formatShape(this.shape)} is bool; expected a number. Convert with cast.`, { details: { op, dtype: this.dtype } });
    return isFloat(this.dtype) ? this : this.cast("f32");
  }
  /** For kernels that read no half floats. */
  private widen(): Tensor {
    return this.dtype === "f16" ? this.cast("f32") : this;
  }
  /** As an operand of a pointwise op: half floats widen by themselves when they are loaded. */
  private promoted(dtype: DType): Tensor {
    return isFloat(dtype) ? (isFloat(this.dtype) ? this : this.cast("f32")) : this.cast(dtype);
  }

  /** The two operands of a pointwise op in one shape and dtype. */
  static pair(op: string, x: Tensor, y: Operand): [Tensor, Tensor] {
    const other = y instanceof Tensor ? y : scalar(y, dtypeOfNumber(y, x.dtype));
    const dtype = promote(op, x.dtype, other.dtype);
    const shape = broadcastShapes(op, x.shape, other.shape);
    return [x.promoted(dtype).expand(shape), other.promoted(dtype).expand(shape)];
  }
}

/** Applies an op: checks its inputs, gives its results. Nothing runs. */
export function apply(op: Op, inputs: readonly Tensor[], attributes: Attributes, payload?: unknown): Tensor[] {
  for (const [position, input] of inputs.entries()) {
    if (!(input instanceof Tensor)) throw new DTypeError(`${op.name}: input ${position} is ${formatValue(input)}; expected a Tensor.`, { details: { op: op.name, position } });
  }
  const outputs = op.infer(
    inputs.map((input) => specOf(input.value)),
    attributes,
  );
  const node = new Node(op, inputs.map((input) => input.value), attributes, outputs, commonDevice(op.name, inputs), payload);
  return outputs.map((_, output) => new Tensor({ node, output }));
}

function commonDevice(op: string, inputs: readonly Tensor[]): Device | undefined {
  let device: Device | undefined;
  for (const input of inputs) {
    const other = input.device;
    if (device && other && device !== other) {
      throw new DeviceError(`${op}: inputs live on ${device.name} and on ${other.name}; expected one device. Read one with data() and make it anew with device.tensor().`, { details: { op } });
    }
    device ??= other;
  }
  return device;
}

const positions = (shape: Shape, axis: number): Tensor => apply(iotaOp, [], { shape, axis })[0]!;
const unary = (op: Op, x: Tensor): Tensor => apply(op, [x], none)[0]!;
const binary = (op: Op, x: Tensor, y: Operand): Tensor => apply(op, Tensor.pair(op.name, x, y), none)[0]!;

/** A constant scalar. */
export function scalar(given: number, dtype: DType): Tensor {
  // Loops write no half floats.
  if (dtype === "f16") return scalar(given, "f32").cast("f16");
  const value = dtype === "bool" ? Number(given !== 0) : dtype === "f32" && Math.abs(given) > largestF32 ? Math.fround(given) : given;
  const spelled = value === Infinity ? "inf" : value === -Infinity ? "-inf" : Number.isNaN(value) ? "nan" : value;
  return apply(fullOp, [], { value: spelled, shape: [], dtype })[0]!;
}
const largestF32 = 3.4028234663852886e38;
const scalarLike = (value: number, x: Tensor): Tensor => scalar(value, dtypeOfNumber(value, isFloat(x.dtype) ? x.dtype : "f32"));

function reduce(op: Op, x: Tensor, options: AxisOptions): Tensor {
  const axes = resolveAxes(op.name, options.axis, x.shape);
  const kept = axes.length === 0 ? (op === reductions.argMaxOp || op === reductions.argMinOp ? x.mul(0).cast("i32") : x.cast(x.dtype === "f16" ? "f32" : x.dtype)) : apply(op, [x], { axes })[0]!;
  return options.keepDims ? kept : kept.squeeze(axes);
}

/** Runs a function of the last axis along another one. */
function alongLast(op: string, x: Tensor, axis: number, along: (x: Tensor) => Tensor[]): Tensor[] {
  const resolved = resolveAxis(op, axis, x.shape);
  return along(x.transpose(resolved, -1)).map((result) => result.transpose(resolved, -1));
}

function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(`matmul: shapes ${formatShape(a.shape)} and ${formatShape(b.shape)}; expected at least one axis on each side. Use mul for scalars.`, { details: { a: a.shape, b: b.shape } });
  }
  if (a.rank === 1) return matmul(a.unsqueeze(0), b).squeeze(b.rank === 1 ? -1 : -2);
  if (b.rank === 1) return matmul(a, b.unsqueeze(1)).squeeze(-1);
  const left = a.dtype === "f16" ? a : a.cast("f32");
  const right = b.dtype === "f16" ? b : b.cast("f32");
  // A matrix on the right serves all rows of a batch at once.
  if (left.rank > 2 && right.rank === 2 && left.shape[left.rank - 1] === right.shape[0]) {
    return apply(matmulOp, [left.reshape([sizeOf(left.shape.slice(0, -1)), left.shape[left.rank - 1]!]), right], none)[0]!.reshape([...a.shape.slice(0, -1), right.shape[1]!]);
  }
  const batch = broadcastShapes("matmul", left.shape.slice(0, -2), right.shape.slice(0, -2));
  return apply(matmulOp, [left.expand([...batch, ...left.shape.slice(-2)]), right.expand([...batch, ...right.shape.slice(-2)])], none)[0]!;
}
