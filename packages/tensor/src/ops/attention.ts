import { formatShape, InternalError, ShapeError } from "@multiway/errors";
import type { KernelOp, Spec } from "../op.ts";
import { requireDType } from "./define.ts";

export type AttentionAttributes = { segments: number; hasBias: boolean; scale: number };

/** [batch, queries, heads, headDim] and the keys of all segments together. */
function sizes(inputs: readonly Spec[], { segments, hasBias }: AttentionAttributes) {
  const query = inputs[0]!;
  if (query.shape.length !== 4) {
    throw new ShapeError(`attention: query has shape ${formatShape(query.shape)}; expected [batch, length, heads, headDim].`, { details: { shape: query.shape } });
  }
  const [batch, queries, heads, headDim] = query.shape as [number, number, number, number];
  let keys = 0;
  for (let segment = 0; segment < segments; segment++) {
    const key = inputs[1 + 2 * segment]!.shape;
    const value = inputs[2 + 2 * segment]!.shape;
    for (const [name, shape] of [["key", key], ["value", value]] as const) {
      if (shape.length !== 4 || shape[0] !== batch || shape[2] !== heads || shape[3] !== headDim || shape[1] !== key[1]) {
        throw new ShapeError(
          `attention: ${name} ${segment} has shape ${formatShape(shape)} beside a query of ${formatShape(query.shape)}; expected [${batch}, keys, ${heads}, ${headDim}], keys equal for key and value.`,
          { details: { query: query.shape, key, value } },
        );
      }
    }
    keys += key[1]!;
  }
  if (hasBias) {
    const bias = inputs[1 + 2 * segments]!;
    const expected = [batch, heads, queries, keys];
    if (bias.shape.length !== 4 || bias.shape.some((extent, axis) => extent !== expected[axis])) {
      throw new ShapeError(`attention: bias has shape ${formatShape(bias.shape)}; expected ${formatShape(expected)}, or extents of 1 in it.`, { details: { bias: bias.shape, expected } });
    }
  }
  return { batch, queries, heads, headDim, keys };
}

/** softmax(scale · q kᵀ + bias) v with keys from several segments; second result: the logarithm of each softmax's denominator. */
export const attentionOp: KernelOp<AttentionAttributes> = {
  kind: "kernel",
  name: "attention",
  kernel: "attention",
  infer: (inputs, attributes) => {
    inputs.forEach((input) => requireDType("attention", input, "float"));
    const { batch, queries, heads, headDim } = sizes(inputs, attributes);
    return [
      { shape: [batch, queries, heads, headDim], dtype: "f32" },
      { shape: [batch, heads, queries], dtype: "f32" },
    ];
  },
  vjp: ({ inputs, outputs: [out, logSumExp], gradients: [gradient, ofLogSumExp], attributes, wants, apply }) => {
    if (ofLogSumExp) throw new InternalError("attention: a gradient reached logSumExp, which is not public.");
    const biasGradient = attributes.hasBias && wants(inputs.length - 1);
    return apply(attentionBackwardOp, [...inputs, out!, logSumExp!, gradient!], { ...attributes, biasGradient });
  },
};

/**
 * Gradients of {@link attentionOp}. Has no gradient of its own: second derivatives through attention would need a kernel
 * that nobody asked for; write the attention with `matmul` and `softmax` to get them.
 */
export const attentionBackwardOp: KernelOp<AttentionAttributes & { biasGradient: boolean }> = {
  kind: "kernel",
  name: "attentionBackward",
  kernel: "attentionBackward",
  infer: (inputs, attributes) => {
    const { batch, queries, heads, keys } = sizes(inputs, attributes);
    const results: Spec[] = inputs.slice(0, 1 + 2 * attributes.segments).map(({ shape }) => ({ shape, dtype: "f32" }));
    if (attributes.biasGradient) results.push({ shape: [batch, heads, queries, keys], dtype: "f32" });
    return results;
  },
  vjp: "none",
};
