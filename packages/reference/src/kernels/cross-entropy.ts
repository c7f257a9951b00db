import { demand } from "../fault.ts";
import { demandFloat, demandShape, numberAttribute, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";

function targetOf(targets: View, row: number, classes: number): number {
  const target = targets.get(row);
  demand(target < classes, `target ${target} of row ${row} is outside ${classes} classes.`);
  return target;
}

/** loss = logSumExp − (1 − ε) · logit(target) − ε / classes · Σ logits, and 0 where the target is negative */
export const crossEntropy: KernelOp = ({ inputs, outputs, attributes }) => {
  const [logits, targets] = inputs as [View, View];
  const [loss, logSumExp] = outputs as [View, View];
  const smoothing = numberAttribute(attributes, "labelSmoothing");
  const [rows, classes] = logits.shape as [number, number];
  demandFloat({ logits });
  demand(targets.dtype === "i32", `targets are ${targets.dtype}; expected i32.`);
  demandShape({ logits, targets, loss, logSumExp }, { logits: [rows, classes], targets: [rows], loss: [rows], logSumExp: [rows] });

  for (let row = 0; row < rows; row++) {
    let largest = -Infinity;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits.get(row, c));
    let exponentials = 0;
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      exponentials += Math.exp(logits.get(row, c) - largest);
      sum += logits.get(row, c);
    }
    const logarithm = largest + Math.log(exponentials);
    const target = targetOf(targets, row, classes);
    // A smoothed loss with a logit of −Infinity is infinite; without smoothing it must not become 0 · ∞.
    const smoothed = smoothing === 0 ? 0 : (smoothing / classes) * sum;
    loss.set(target < 0 ? 0 : logarithm - (1 - smoothing) * logits.get(row, target) - smoothed, row);
    logSumExp.set(logarithm, row);
  }
};

/** dlogits = gradient · (exp(logit − logSumExp) − (1 − ε) · [c = target] − ε / classes), and 0 where the target is negative */
export const crossEntropyBackward: KernelOp = ({ inputs, outputs, attributes }) => {
  const [logits, targets, logSumExp, gradient] = inputs as [View, View, View, View];
  const dlogits = outputs[0]!;
  const smoothing = numberAttribute(attributes, "labelSmoothing");
  const [rows, classes] = logits.shape as [number, number];
  demandFloat({ logits, logSumExp, gradient });
  demand(targets.dtype === "i32", `targets are ${targets.dtype}; expected i32.`);
  demandShape({ logits, targets, logSumExp, gradient, dlogits }, { logits: [rows, classes], targets: [rows], logSumExp: [rows], gradient: [rows], dlogits: [rows, classes] });

  for (let row = 0; row < rows; row++) {
    const target = targetOf(targets, row, classes);
    for (let c = 0; c < classes; c++) {
      const probability = Math.exp(logits.get(row, c) - logSumExp.get(row));
      const wanted = (c === target ? 1 - smoothing : 0) + smoothing / classes;
      dlogits.set(target < 0 ? 0 : gradient.get(row) * (probability - wanted), row, c);
    }
  }
};
