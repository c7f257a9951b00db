import { registerType, type DType } from "../dtype.ts";
import type { PointwiseOp, SpecialOp, ViewOp } from "../op.ts";
import { threefryRounds } from "./threefry.ts";

const noInputs = { vjp: "none" } as const; // A leaf has nothing to pass a gradient on to.

/** A tensor whose memory exists: its one result is stored. */
export const storedOp: SpecialOp<{ shape: readonly number[]; dtype: DType }> = {
  ...noInputs,
  kind: "special",
  name: "stored",
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
};

/** An argument of a function that is being traced. */
export const inputOp: SpecialOp<{ index: number; shape: readonly number[]; dtype: DType }> = {
  ...noInputs,
  kind: "special",
  name: "input",
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
};

/** A number among the arguments of a traced function: one 32-bit word handed in with each run. */
export const scalarOp: SpecialOp<{ word: number; dtype: DType }> = {
  ...noInputs,
  kind: "special",
  name: "scalar",
  infer: (_, { dtype }) => [{ shape: [], dtype }],
};

/** Constant elements that belong to no device yet; the node's payload is their array. */
export const dataOp: SpecialOp<{ shape: readonly number[]; dtype: DType }> = {
  ...noInputs,
  kind: "special",
  name: "data",
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
};

/** A parameter that has a shape but no elements yet; the node's payload is its initialiser. */
export const parameterOp: SpecialOp<{ shape: readonly number[]; dtype: DType }> = {
  ...noInputs,
  kind: "special",
  name: "parameter",
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
};

/** One number everywhere. */
export const fullOp: PointwiseOp<{ value: number | "inf" | "-inf" | "nan"; shape: readonly number[]; dtype: DType }> = {
  ...noInputs,
  kind: "pointwise",
  name: "full",
  cheap: true,
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  expression: (k, _, { value, dtype }) => k.constant(typeof value === "number" ? value : value === "nan" ? NaN : value === "inf" ? Infinity : -Infinity, registerType(dtype)),
};

/** Each element's own position along an axis, i32. */
export const iotaOp: SpecialOp<{ shape: readonly number[]; axis: number }> = {
  ...noInputs,
  kind: "special",
  name: "iota",
  infer: (_, { shape }) => [{ shape, dtype: "i32" }],
};

const identity = { kind: "view", infer: ([x]) => [x!], step: (x) => ({ kind: "reshape", shape: x.shape }) } satisfies Partial<ViewOp>;

/** The same value, through which no gradient flows. */
export const stopGradientOp: ViewOp<Record<string, never>> = { ...identity, name: "stopGradient", vjp: () => [undefined] };

/** The same value under a node of its own: what a gradient is taken with respect to. */
export const aliasOp: ViewOp<Record<string, never>> = { ...identity, name: "alias", vjp: ({ gradients: [gy] }) => [gy] };

/**
 * The first input, to be had only once the second has been computed. Keeps a recomputed graph apart from the original, so that
 * the original's memory can go. Appears in gradients of recomputed functions only, which are not differentiated again through it.
 */
export const barrierOp: SpecialOp<Record<string, never>> = {
  kind: "special",
  name: "barrier",
  infer: ([x]) => [x!],
  vjp: ({ gradients: [gy] }) => [gy, undefined],
};

/** Random 32-bit words: word `word` of Threefry-2x32 for a key (two u32) and a counter (u32, second word 0 or as given). Bits carry no gradient. */
export const randomBitsOp: PointwiseOp<{ word: number; domain: number }> = {
  kind: "pointwise",
  name: "randomBits",
  infer: ([, , counter]) => [{ shape: counter!.shape, dtype: "u32" }],
  expression: (k, [key0, key1, counter], { word, domain }) => threefryRounds(k, key0!, key1!, counter!, k.constant(domain, "u32"))[word]!,
  vjp: "none",
};

/** Standard normal numbers from both words of each counter (Box and Muller 1958). Draws carry no gradient. */
export const randomNormalOp: PointwiseOp<Record<string, never>> = {
  kind: "pointwise",
  name: "randomNormal",
  infer: ([, , counter]) => [{ shape: counter!.shape, dtype: "f32" }],
  expression: (k, [key0, key1, counter]) => {
    const [word0, word1] = threefryRounds(k, key0!, key1!, counter!, k.constant(0, "u32"));
    const unit = (word: number) => k.binary("multiply", k.cast(k.binary("shiftRight", word, k.constant(8, "u32")), "f32"), k.constant(2 ** -24, "f32"));
    // 1 − u lies in (0, 1], so the logarithm is finite.
    const radius = k.unary("sqrt", k.binary("multiply", k.constant(-2, "f32"), k.unary("log", k.binary("subtract", k.constant(1, "f32"), unit(word0)))));
    return k.binary("multiply", radius, k.unary("cos", k.binary("multiply", k.constant(2 * Math.PI, "f32"), unit(word1))));
  },
  vjp: "none",
};
