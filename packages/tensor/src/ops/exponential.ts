import type { Tensor } from "../tensor.ts";
import { defineUnary } from "./define.ts";

/** eˣ. */
export const expOp = defineUnary("exp", { accepts: "float", expression: "exp", vjp: ({ outputs: [y], gradients: [gy] }) => [gy!.mul(y!)] });

/** Natural logarithm. */
export const logOp = defineUnary("log", { accepts: "float", expression: "log", vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.div(x!)] });

/** Square root. */
export const sqrtOp = defineUnary("sqrt", { accepts: "float", expression: "sqrt", vjp: ({ outputs: [y], gradients: [gy] }) => [gy!.mul(0.5).div(y!)] });

/** The error function 2/√π ∫₀ˣ exp(−t²) dt. */
export const erfOp = defineUnary("erf", {
  accepts: "float",
  expression: "erf",
  vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(x!.mul(x!).neg().exp().mul(2 / Math.sqrt(Math.PI)))],
});

/** Φ(x) = (1 + erf(x/√2)) / 2, the share of a standard normal distribution below x. */
export const normalCdfOp = defineUnary("normalCdf", {
  accepts: "float",
  expression: "normalCdf",
  vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(normalDensity(x!))],
});

/** φ(x), the density of a standard normal distribution. */
const normalDensity = (x: Tensor): Tensor => x.mul(x).mul(-0.5).exp().mul(1 / Math.sqrt(2 * Math.PI));

/** Hyperbolic tangent. */
export const tanhOp = defineUnary("tanh", { accepts: "float", expression: "tanh", vjp: ({ outputs: [y], gradients: [gy] }) => [gy!.mul(y!.mul(y!).neg().add(1))] });

/** Sine of radians. */
export const sinOp = defineUnary("sin", { accepts: "float", expression: "sin", vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(x!.cos())] });

/** Cosine of radians. */
export const cosOp = defineUnary("cos", { accepts: "float", expression: "cos", vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(x!.sin()).neg()] });

/** 1 / (1 + e⁻ˣ). */
export const sigmoidOp = defineUnary("sigmoid", {
  accepts: "float",
  expression: (k, x) => k.binary("divide", k.constant(1, "f32"), k.binary("add", k.constant(1, "f32"), k.unary("exp", k.unary("negate", x)))),
  vjp: ({ outputs: [y], gradients: [gy] }) => [gy!.mul(y!).mul(y!.neg().add(1))],
});

/** Exact GELU, x · Φ(x) (Hendrycks and Gimpel 2016). */
export const geluOp = defineUnary("gelu", {
  accepts: "float",
  expression: (k, x) => k.binary("multiply", x, k.unary("normalCdf", x)),
  // d/dx x·Φ(x) = Φ(x) + x·φ(x)
  vjp: ({ inputs: [x], gradients: [gy] }) => [gy!.mul(x!.normalCdf().add(x!.mul(normalDensity(x!))))],
});
