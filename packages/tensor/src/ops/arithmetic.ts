import { defineBinary, defineUnary } from "./define.ts";

/** x + y. */
export const addOp = defineBinary("add", {
  accepts: "number",
  expression: "add",
  vjp: ({ gradients: [gy] }) => [gy, gy],
});

/** x − y. */
export const subOp = defineBinary("sub", {
  accepts: "number",
  expression: "subtract",
  vjp: ({ gradients: [gy], wants }) => [gy, wants(1) ? gy!.neg() : undefined],
});

/** x · y. */
export const mulOp = defineBinary("mul", {
  accepts: "number",
  expression: "multiply",
  vjp: ({ inputs: [x, y], gradients: [gy], wants }) => [wants(0) ? gy!.mul(y!) : undefined, wants(1) ? gy!.mul(x!) : undefined],
});

/** x / y; integers truncate toward zero. */
export const divOp = defineBinary("div", {
  accepts: "number",
  expression: "divide",
  // ∂(x/y)/∂y = −(x/y)/y
  vjp: ({ inputs: [, y], outputs: [z], gradients: [gy], wants }) => [wants(0) ? gy!.div(y!) : undefined, wants(1) ? gy!.mul(z!).div(y!).neg() : undefined],
});

/** The rest of x / y with the sign of x, as `%` in JavaScript. */
export const remainderOp = defineBinary("remainder", {
  accepts: "number",
  expression: "remainder",
  vjp: ({ inputs: [x, y], gradients: [gy], wants }) => [gy, wants(1) ? gy!.mul(x!.div(y!).trunc().neg()) : undefined],
});

/** x to the power y. The gradient in y is 0 where x ≤ 0. */
export const powOp = defineBinary("pow", {
  accepts: "float",
  expression: "power",
  vjp: ({ inputs: [x, y], outputs: [z], gradients: [gy], wants }) => [
    wants(0) ? gy!.mul(y!).mul(x!.pow(y!.sub(1))) : undefined,
    wants(1) ? gy!.mul(z!).mul(x!.greater(0).where(x!, 1).log()).mul(x!.greater(0).cast("f32")) : undefined,
  ],
});

/** −x. */
export const negOp = defineUnary("neg", { accepts: "number", cheap: true, expression: (k, x) => (k.typeOf(x) === "u32" ? k.binary("subtract", k.constant(0, "u32"), x) : k.unary("negate", x)), vjp: ({ gradients: [gy] }) => [gy!.neg()] });

/** |x|; the gradient at 0 is 0. */
export const absOp = defineUnary("abs", {
  accepts: "number",
  cheap: true,
  expression: (k, x) => (k.typeOf(x) === "u32" ? x : k.unary("abs", x)),
  vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(x!.sign())],
});

/** −1, 0 or 1. Flat almost everywhere, so its gradient is 0. */
export const signOp = defineUnary("sign", {
  accepts: "number",
  cheap: true,
  expression: (k, x) => (k.typeOf(x) === "u32" ? k.binary("minimum", x, k.constant(1, "u32")) : k.unary("sign", x)),
  vjp: () => [undefined],
});
