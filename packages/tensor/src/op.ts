import type { DType, RegisterType } from "./dtype.ts";
import type { Combine } from "./kernel-ir.ts";
import type { KernelOpName } from "./kernel-ops.ts";
import type { ExpressionBuilder } from "./expression.ts";
import type { Shape } from "./shape.ts";
import type { Tensor } from "./tensor.ts";
import type { ViewStep } from "./view.ts";

/** Shape and dtype of one value. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** An op's options as plain, comparable data. */
export type Attributes = Readonly<Record<string, number | boolean | string | readonly number[]>>;

/** What a gradient rule sees. */
export interface VjpContext<A extends Attributes> {
  /** The op's inputs. */
  inputs: readonly Tensor[];
  /** The op's results. */
  outputs: readonly Tensor[];
  /** The gradient with respect to each result; undefined where nothing depends on it. */
  gradients: readonly (Tensor | undefined)[];
  attributes: A;
  /** Whether anyone asks for the gradient of input `i`; a rule may leave others undefined. */
  wants(input: number): boolean;
  /** Applies an op that has no public method. */
  apply(op: Op, inputs: readonly Tensor[], attributes: Attributes): Tensor[];
}

/** Gradients of the inputs, in order: undefined means that none flows. */
export type Vjp<A extends Attributes> = (context: VjpContext<A>) => readonly (Tensor | undefined)[];

interface OpBase<A extends Attributes> {
  readonly name: string;
  /** Checks inputs and gives the results' shapes and dtypes. Throws before anything is built. */
  readonly infer: (inputs: readonly Spec[], attributes: A) => readonly Spec[];
  /** The gradient as other ops, or "none": the doc comment of the op says why. */
  readonly vjp: Vjp<A> | "none";
}

/** The result at an index is an expression of the inputs at the same index. */
export interface PointwiseOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "pointwise";
  readonly expression: (k: ExpressionBuilder, inputs: readonly number[], attributes: A, result: { type: RegisterType; shape: Shape }) => number;
  /** Cheap enough to be computed again by each reader rather than stored. Default false. */
  readonly cheap?: boolean;
}

/** The same elements under other indices: no work by itself. */
export interface ViewOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "view";
  readonly step: (input: Spec, attributes: A) => ViewStep;
}

/** Elements of several inputs side by side along axes; where no input reaches, 0. */
export interface AssembleOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "assemble";
  /** Where input i begins in the result, per axis. */
  readonly starts: (inputs: readonly Spec[], attributes: A) => readonly (readonly number[])[];
}

/** Joins all elements along axes. The result keeps the axes with extent 1. */
export interface ReductionOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "reduction";
  readonly combine: Combine;
}

/** Work that each device has a kernel for. */
export interface KernelOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "kernel";
  readonly kernel: KernelOpName;
  /** The layout that the kernel is handed, when it is not that of the op's inputs; for example rows and width instead of any rank. */
  readonly layout?: (inputs: readonly Spec[], outputs: readonly Spec[], attributes: A) => { inputs: readonly Shape[]; outputs: readonly Shape[] };
  /** Whether input i may have a last axis whose elements do not lie side by side. Default false. */
  readonly anyStrides?: boolean;
}

/** Leaves and markers that the lowering treats by name: input, constant data, barrier, stop, recompute. */
export interface SpecialOp<A extends Attributes = Attributes> extends OpBase<A> {
  readonly kind: "special";
}

// The attributes of an op are known to its own file; the graph sees them as plain data.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Op = PointwiseOp<any> | ViewOp<any> | AssembleOp<any> | ReductionOp<any> | KernelOp<any> | SpecialOp<any>;
