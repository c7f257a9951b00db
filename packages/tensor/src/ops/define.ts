import { DTypeError, formatShape, InternalError } from "@multiway/errors";
import { isFloat, type DType } from "../dtype.ts";
import type { ExpressionBuilder } from "../expression.ts";
import type { BinaryOperation, UnaryOperation } from "../kernel-ir.ts";
import type { Attributes, PointwiseOp, Spec, Vjp } from "../op.ts";
import { sameShape } from "../shape.ts";

type Kind = "float" | "number" | "integer" | "bool" | "any";

const accepted: Record<Kind, readonly DType[]> = {
  float: ["f32", "f16"],
  number: ["f32", "f16", "i32", "u32"],
  integer: ["i32", "u32"],
  bool: ["bool"],
  any: ["f32", "f16", "i32", "u32", "bool"],
};

/** Throws {@link DTypeError} naming op, given and accepted dtypes. */
export function requireDType(op: string, spec: Spec, kind: Kind, name = "x"): void {
  if (accepted[kind].includes(spec.dtype)) return;
  throw new DTypeError(`${op}: ${name} of shape ${formatShape(spec.shape)} is ${spec.dtype}; expected ${accepted[kind].join(", ")}. Convert with cast.`, {
    details: { op, dtype: spec.dtype, accepted: accepted[kind] },
  });
}

/** What arithmetic on a dtype gives: half floats widen. */
export const widened = (dtype: DType): DType => (isFloat(dtype) ? "f32" : dtype);

/** Inputs of pointwise ops have been broadcast to one shape and promoted to one dtype before they get here. */
export function requireAlike(op: string, inputs: readonly Spec[]): void {
  const [first, ...rest] = inputs;
  for (const spec of rest) {
    if (!sameShape(spec.shape, first!.shape)) throw new InternalError(`${op} met shapes ${formatShape(first!.shape)} and ${formatShape(spec.shape)}.`);
  }
}

export interface UnaryOptions {
  accepts: Kind;
  /** Dtype of the result; default that of the input, widened. */
  result?: DType;
  cheap?: boolean;
  expression: UnaryOperation | ((k: ExpressionBuilder, x: number, attributes: Attributes) => number);
  vjp: Vjp<Attributes> | "none";
}

/** A pointwise op of one input. */
export function defineUnary(name: string, options: UnaryOptions): PointwiseOp {
  const { accepts, result, expression } = options;
  return {
    kind: "pointwise",
    name,
    cheap: options.cheap ?? false,
    infer: ([x]) => {
      requireDType(name, x!, accepts);
      return [{ shape: x!.shape, dtype: result ?? widened(x!.dtype) }];
    },
    expression: (k, [x], attributes) => (typeof expression === "string" ? k.unary(expression, x!) : expression(k, x!, attributes)),
    vjp: options.vjp,
  };
}

export interface BinaryOptions {
  accepts: Kind;
  result?: DType;
  expression: BinaryOperation | ((k: ExpressionBuilder, x: number, y: number, attributes: Attributes) => number);
  vjp: Vjp<Attributes> | "none";
}

/** A pointwise op of two inputs of one shape and dtype. */
export function defineBinary(name: string, options: BinaryOptions): PointwiseOp {
  const { accepts, result, expression } = options;
  return {
    kind: "pointwise",
    name,
    infer: ([x, y]) => {
      requireDType(name, x!, accepts);
      requireDType(name, y!, accepts, "y");
      requireAlike(name, [x!, y!]);
      return [{ shape: x!.shape, dtype: result ?? widened(x!.dtype) }];
    },
    expression: (k, [x, y], attributes) => (typeof expression === "string" ? k.binary(expression, x!, y!) : expression(k, x!, y!, attributes)),
    vjp: options.vjp,
  };
}
