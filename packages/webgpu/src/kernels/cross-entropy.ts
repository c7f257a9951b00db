import { sizeOf, type Layout } from "@multiway/tensor/device";
import { at, nothing, reads, writes, type OpKernelChoice } from "./op-kernel.ts";
import { float } from "./layer-norm.ts";
import { rowReductions, rowThreads } from "./row-sum.ts";

/** A workgroup per row: the maximum, then Σ exp and Σ logits. */
const crossEntropyRow: OpKernelChoice = {
  name: "crossEntropyRow",
  accepts: () => true,
  plan({ label, inputs, outputs, attributes }, limits) {
    const [logits, targets] = inputs as [Layout, Layout];
    const [loss, logSumExp] = outputs as [Layout, Layout];
    const [rows, classes] = logits.shape as [number, number];
    if (rows === 0) return nothing;
    const smoothing = attributes.labelSmoothing as number;
    const threads = rowThreads(classes, limits.maxWorkgroupSize);
    const join = rowReductions(threads, limits, true);
    const each = `for (var i = lane; i < ${classes}u; i += ${threads}u)`;
    const logit = `load_logits(${at(logits, ["row", "i"])})`;
    // A smoothed loss with a logit of −Infinity is infinite; without smoothing it must not become 0 · ∞.
    const smoothed = smoothing === 0 ? "" : ` - ${float(smoothing / Math.max(classes, 1))} * ${join.sum("sum")}`;
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} crossEntropyRow`,
          views: [reads("logits", logits), reads("targets", targets), writes("loss", loss), writes("log_sum_exp", logSumExp)],
          workgroupSize: threads,
          workgroups: rows,
          ...join.stage,
          body: `
  let row = group;${join.start}
  var largest = -3.4028234e38f;
  ${each} { largest = max(largest, ${logit}); }
  largest = ${join.max("largest")};
  var exponentials = 0.0f;
  var sum = 0.0f;
  ${each} {
    exponentials += exp(${logit} - largest);
    sum += ${logit};
  }
  let log_sum_exp = largest + log(${join.sum("exponentials")});
  let target_class = load_targets(${at(targets, ["row"])});
  let kept = load_logits(${at(logits, ["row", `u32(clamp(target_class, 0i, ${Math.max(classes - 1, 0)}i))`])});
  let loss = log_sum_exp - ${float(1 - smoothing)} * kept${smoothed};
  if (lane == 0u) {
    store_loss(row, select(loss, 0.0f, target_class < 0i));
    store_log_sum_exp(row, log_sum_exp);
  }`,
        },
      ],
    };
  },
};

/** One thread per logit: gradient · (exp(logit − logSumExp) − (1 − ε) · [class = target] − ε / classes). */
const crossEntropyBackwardElement: OpKernelChoice = {
  name: "crossEntropyBackwardElement",
  accepts: () => true,
  plan({ label, inputs, outputs, attributes }) {
    const [logits, targets, logSumExp, gradient] = inputs as [Layout, Layout, Layout, Layout];
    const classes = logits.shape[1]!;
    const total = sizeOf(logits.shape);
    const smoothing = attributes.labelSmoothing as number;
    return {
      scratchBytes: [],
      stages: [
        {
          label: `${label} crossEntropyBackwardElement`,
          views: [reads("logits", logits), reads("targets", targets), reads("log_sum_exp", logSumExp), reads("gradient", gradient), writes("dlogits", outputs[0]!)],
          workgroupSize: 64,
          workgroups: Math.ceil(total / 64),
          body: `
  let element = group * 64u + lane;
  if (element >= ${total}u) { return; }
  let row = element / ${classes}u;
  let class_index = element % ${classes}u;
  let target_class = load_targets(${at(targets, ["row"])});
  let probability = exp(load_logits(${at(logits, ["row", "class_index"])}) - load_log_sum_exp(${at(logSumExp, ["row"])}));
  let wanted = select(0.0f, ${float(1 - smoothing)}, i32(class_index) == target_class) + ${float(smoothing / Math.max(classes, 1))};
  store_dlogits(element, select(load_gradient(${at(gradient, ["row"])}) * (probability - wanted), 0.0f, target_class < 0i));`,
        },
      ],
    };
  },
};

export const crossEntropyKernels: readonly OpKernelChoice[] = [crossEntropyRow];
export const crossEntropyBackwardKernels: readonly OpKernelChoice[] = [crossEntropyBackwardElement];
