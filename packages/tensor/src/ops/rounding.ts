import { defineUnary } from "./define.ts";

// Steps are flat almost everywhere: no gradient flows through them.

/** The largest whole number not above x. */
export const floorOp = defineUnary("floor", { accepts: "float", cheap: true, expression: "floor", vjp: () => [undefined] });

/** The smallest whole number not below x. */
export const ceilOp = defineUnary("ceil", { accepts: "float", cheap: true, expression: "ceil", vjp: () => [undefined] });

/** The nearest whole number, halves to even. */
export const roundOp = defineUnary("round", { accepts: "float", cheap: true, expression: "round", vjp: () => [undefined] });

/** x without its fraction. */
export const truncOp = defineUnary("trunc", {
  accepts: "float",
  cheap: true,
  expression: (k, x) => k.select(k.binary("less", x, k.constant(0, "f32")), k.unary("ceil", x), k.unary("floor", x)),
  vjp: () => [undefined],
});
