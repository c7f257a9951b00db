import { DTypeError } from "@multiway/errors";
import type { BinaryOperation } from "../kernel-ir.ts";
import type { PointwiseOp } from "../op.ts";
import { defineBinary, defineUnary } from "./define.ts";

// Bits and truth values carry no gradient.
function bitwise(name: string, expression: BinaryOperation, bools: boolean): PointwiseOp {
  const op = defineBinary(name, { accepts: "any", expression, vjp: () => [undefined, undefined] });
  return {
    ...op,
    infer: (inputs, attributes) => {
      for (const { dtype } of inputs) {
        if (dtype === "i32" || dtype === "u32" || (bools && dtype === "bool")) continue;
        throw new DTypeError(`${name}: x is ${dtype}; expected i32, u32${bools ? ", bool" : ""}. Convert with cast.`, { details: { op: name, dtype } });
      }
      return op.infer(inputs, attributes);
    },
  };
}

/** Logical on bools, bitwise on integers. */
export const andOp = bitwise("and", "and", true);
export const orOp = bitwise("or", "or", true);
export const xorOp = bitwise("xor", "xor", true);

const shift = (name: string, operation: "shiftLeft" | "shiftRight"): PointwiseOp => {
  const op = bitwise(name, operation, false);
  return { ...op, expression: (k, [x, y]) => k.binary(operation, x!, k.bitcast(y!, "u32")) };
};
/** x moved by y bits, 0 ≤ y < 32. */
export const shiftLeftOp = shift("shiftLeft", "shiftLeft");
export const shiftRightOp = shift("shiftRight", "shiftRight");

/** Logical not of a bool, or all bits of an integer turned over. */
export const notOp: PointwiseOp = (() => {
  const op = defineUnary("not", { accepts: "any", cheap: true, expression: "not", vjp: () => [undefined] });
  return {
    ...op,
    infer: (inputs, attributes) => {
      const dtype = inputs[0]!.dtype;
      if (dtype === "f32" || dtype === "f16") throw new DTypeError(`not: x is ${dtype}; expected bool, i32, u32. Compare or cast it first.`);
      return op.infer(inputs, attributes);
    },
  };
})();
