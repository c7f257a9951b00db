import type { Layout, OpKernel } from "@multiway/tensor/device";
import type { Plan, PlanLimits, Stage } from "../wgsl/stage.ts";
import { attentionInputs, type AttentionInputs } from "./attention-inputs.ts";
import { blockSizeOf, plainPass, tiledPass, type BackwardPass } from "./attention-backward-passes.ts";
import { at, nothing, reads, type OpKernelChoice } from "./op-kernel.ts";

/**
 * The gradient in two kinds of passes, both free of atomics: one for q, by blocks of queries that walk the keys of a segment (the passes of
 * later segments add to it), and one for k and v of each segment, by blocks of keys that walk the queries. Weights are recomputed from logSumExp.
 */
function planWith(pass: (of: BackwardPass, limits: PlanLimits) => Stage, kernel: OpKernel, limits: PlanLimits): Plan {
  const of = attentionInputs(kernel);
  const rows = of.batch * of.heads * of.queries;
  const [dq, ...others] = kernel.outputs as [Layout, ...Layout[]];
  const dbias = kernel.attributes.biasGradient === true ? others[2 * of.segments.length] : undefined;
  const stages: Stage[] = [];
  if (of.batch * of.heads * of.headDim === 0) return nothing;
  if (rows > 0) stages.push(statistics(kernel, of));
  of.segments.forEach((segment, s) => {
    const common = { label: kernel.label, of, segment, name: `segment ${s}` };
    const isFirst = stages.every(({ label }) => !label.includes(" dq "));
    // Without any key the gradient of q is zero, which the last pass then writes.
    if (rows > 0 && (segment.keys > 0 || (isFirst && s === of.segments.length - 1))) {
      stages.push(pass({ ...common, side: "queries", outputs: [dq], adds: !isFirst, dbias: segment.keys > 0 ? dbias : undefined }, limits));
    }
    if (segment.keys > 0) stages.push(pass({ ...common, side: "keys", outputs: [others[2 * s]!, others[2 * s + 1]!], adds: false, dbias: undefined }, limits));
  });
  return { scratchBytes: [8 * Math.max(rows, 1)], stages };
}

/** For each query and head: logSumExp, and behind all of those gradient · out, which every score's gradient subtracts. */
function statistics(kernel: OpKernel, of: AttentionInputs): Stage {
  const [out, logSumExp, gradient] = of.rest as [Layout, Layout, Layout];
  const rows = of.batch * of.heads * of.queries;
  return {
    label: `${kernel.label} statistics`,
    views: [reads("out", out), reads("log_sum_exp", logSumExp), reads("gradient", gradient), { name: "statistics", buffer: { scratch: 0 }, element: "f32", access: "write" }],
    workgroupSize: 64,
    workgroups: Math.ceil(rows / 64),
    body: `
  let flat = group * 64u + lane;
  if (flat >= ${rows}u) { return; }
  let i = flat % ${of.queries}u;
  let h = (flat / ${of.queries}u) % ${of.heads}u;
  let b = flat / ${of.queries * of.heads}u;
  var sum = 0.0f;
  for (var d = 0u; d < ${of.headDim}u; d++) { sum += load_out(${at(out, ["b", "i", "h", "d"])}) * load_gradient(${at(gradient, ["b", "i", "h", "d"])}); }
  store_statistics(flat, load_log_sum_exp(${at(logSumExp, ["b", "h", "i"])}));
  store_statistics(flat + ${rows}u, sum);`,
  };
}

const attentionBackwardFlash: OpKernelChoice = {
  name: "attentionBackwardFlash",
  accepts: (kernel, limits) => {
    const of = attentionInputs(kernel);
    return of.queries * of.totalKeys >= 256 && of.queries >= 4 && blockSizeOf(of.headDim, limits) > 0;
  },
  plan: (kernel, limits) => planWith(tiledPass, kernel, limits),
};

const attentionBackwardPlain: OpKernelChoice = {
  name: "attentionBackwardPlain",
  accepts: () => true,
  plan: (kernel, limits) => planWith(plainPass, kernel, limits),
};

export const attentionBackwardKernels: readonly OpKernelChoice[] = [attentionBackwardFlash, attentionBackwardPlain];
