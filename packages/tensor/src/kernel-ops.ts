/**
 * The ops that devices write by hand: their inputs, attributes and outputs as an {@link OpKernel} holds them.
 * Every device implements every one of them, for all that is described here.
 *
 * Unless said otherwise a float input may be f32 or f16 and computation and outputs are f32; inputs may have any strides (the
 * lowering copies an input whose last axis is not contiguous, except for `matmul`), outputs are contiguous. Any extent may be 0.
 *
 * `matmul`             a [...batch, m, k], b [...batch, k, n] → c [...batch, m, n]. Equal batch axes (0 to 4 of them), broadcast ones with stride 0.
 *                      Either operand may have any strides on its last two axes (transposed: [.., 1, ld]). k = 0 gives zeros. May have an epilogue; no other op has.
 * `attention`          q [batch, queries, heads, headDim], then for each of `segments` segments k and v [batch, keysOfSegment, heads, headDim] (headDim of v
 *                      equals that of k), then, if `hasBias`, bias [batch, heads, queries, Σ keys] (f32; broadcast axes with stride 0)
 *                      → out [batch, queries, heads, headDim], logSumExp [batch, heads, queries].
 *                      scores = scale · q·k + bias; softmax over the keys of all segments in order; a bias of −Infinity hides a key. A query
 *                      that sees no key gives NaN (and a logSumExp of −Infinity or NaN). Attributes: segments, hasBias, scale.
 * `attentionBackward`  the inputs of `attention`, then out, logSumExp and the gradient of out → gradients of q, then k, v of each segment, then, if
 *                      `biasGradient`, of bias in full size [batch, heads, queries, Σ keys]. Attributes: those of `attention`, biasGradient.
 * `layerNorm`          x [rows, width], gain [width], offset [width] → y [rows, width], mean [rows], reciprocalDeviation [rows].
 *                      variance is the mean squared distance from the mean (two passes, no E[x²] − E[x]²). Attribute: epsilon.
 * `layerNormBackward`  x [rows, width], gain [width], mean [rows], reciprocalDeviation [rows], gradient [rows, width] → gradient of x. (Those of gain and
 *                      offset are ordinary fused reductions.)
 * `gather`             table [rows, width], indices [count] i32 → [count, width], dtype of table (f16 widens to f32; i32, u32, bool too). An index outside the table reads as 0s.
 * `scatterAdd`         indices [count] i32, updates [count, width] f32 → [rows, width]: rows of zeros plus every update, added in the order of `count`.
 *                      An index outside is ignored. Attribute: rows.
 * `crossEntropy`       logits [rows, classes], targets [rows] i32 → loss [rows], logSumExp [rows]. loss = logSumExp − (1 − ε) · logit(target) − ε / classes · Σ logits with
 *                      ε = labelSmoothing; a row with a negative target has loss 0; targets are below `classes`. Attribute: labelSmoothing.
 * `crossEntropyBackward`  logits, targets, logSumExp [rows], gradient [rows] → gradient of logits [rows, classes] (0 in rows with a negative target). Attribute: labelSmoothing.
 * `sort`               x [rows, length] f32, i32 or u32 → values (same dtype), indices [rows, length] i32. Stable; NaN comes last ascending, first descending. Attribute: descending.
 * `cumulativeSum`      x [rows, length] f32 or i32 → inclusive sums, same dtype.
 * `packHalf`           x [count] f32 → [count] f16, rounded to nearest even.
 */
export const kernelOpNames = [
  "matmul",
  "attention",
  "attentionBackward",
  "layerNorm",
  "layerNormBackward",
  "gather",
  "scatterAdd",
  "crossEntropy",
  "crossEntropyBackward",
  "sort",
  "cumulativeSum",
  "packHalf",
] as const;

export type KernelOpName = (typeof kernelOpNames)[number];
