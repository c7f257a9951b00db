import type { Key } from "@multiway/random";
import { Node } from "./node.ts";
import { parameterOp } from "./ops/leaves.ts";
import { requireShape, type Shape } from "./shape.ts";
import { Tensor } from "./tensor.ts";

/** The first elements of a parameter, row-major. Plain code, so that every device starts from the same bits. */
export type Initialiser = (key: Key, shape: Shape) => Float32Array;

/** A parameter of a module that belongs to no device yet: a shape, and how its elements will be made. */
export function parameter(shape: Shape, initialiser: Initialiser): Tensor {
  requireShape("parameter", shape);
  return new Tensor({ node: new Node(parameterOp, [], { shape, dtype: "f32" }, [{ shape, dtype: "f32" }], undefined, initialiser), output: 0 });
}

/** How a tensor made by {@link parameter} wants to begin; undefined for any other tensor. */
export function initialiserOf(tensor: Tensor): Initialiser | undefined {
  const { node } = tensor.value;
  return node.op === parameterOp ? (node.payload as Initialiser) : undefined;
}
