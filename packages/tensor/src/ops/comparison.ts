import type { BinaryOperation } from "../kernel-ir.ts";
import { defineBinary, defineUnary } from "./define.ts";

// Truth values carry no gradient.
const comparison = (name: string, expression: BinaryOperation, accepts: "number" | "any" = "number") =>
  defineBinary(name, { accepts, result: "bool", expression, vjp: () => [undefined, undefined] });

export const equalOp = comparison("equal", "equal", "any");
export const notEqualOp = comparison("notEqual", "notEqual", "any");
export const lessOp = comparison("less", "less");
export const lessEqualOp = comparison("lessEqual", "lessEqual");
export const greaterOp = comparison("greater", "greater");
export const greaterEqualOp = comparison("greaterEqual", "greaterEqual");

/** True where x is not a number. */
export const isNaNOp = defineUnary("isNaN", { accepts: "float", result: "bool", cheap: true, expression: "isNaN", vjp: () => [undefined] });
