import { sizeOf } from "../shape.ts";
import type { Value } from "./graph.ts";

/** Ops whose evaluation costs many instructions; anything else counts as one. */
const expensive: ReadonlySet<string> = new Set(["exp", "log", "sin", "cos", "tanh", "erf", "normalCdf", "gelu", "sigmoid", "pow", "sqrt", "div", "remainder", "randomBits", "randomNormal"]);
const expensiveCost = 16;
/** A value that costs at most this much is computed again by each reader rather than stored. */
const cheapCost = 3;
/** An expression that costs more gets memory, so that kernels stay of a size that devices compile. */
const largestCost = 1000;

/** A pointwise value is an expression that its readers can contain. */
export const isExpression = (value: Value): boolean =>
  value.leaf === undefined && (value.op.kind === "pointwise" || value.op.kind === "assemble" || value.op.name === "iota");

/**
 * Decides which values get memory of their own: the rest are expressions inside their readers' kernels, or views.
 *
 * Stored are: results of kernels and reductions, what a kernel op reads, what several readers share unless it is cheap, what is repeated
 * by broadcasting unless it is cheap, and whatever `forced` names (found while kernels were built: see `MustStore`).
 */
export function chooseStored(values: readonly Value[], outputs: readonly Value[], forced: ReadonlySet<Value>, fuses: boolean): Set<Value> {
  const stored = new Set<Value>();
  const readers = new Map<Value, Set<number>>();
  const repeated = new Set<Value>();
  const byKernel = new Set<Value>();

  const rootOf = (value: Value): { root: Value; grows: boolean } => {
    let root = value;
    let grows = false;
    while (root.step && !forced.has(root)) {
      grows ||= root.step.kind === "expand" && sizeOf(root.step.shape) > sizeOf(root.inputs[0]!.spec.shape);
      root = root.inputs[0]!;
    }
    return { root, grows };
  };
  const addReader = (value: Value, reader: number) => {
    const { root, grows } = rootOf(value);
    const set = readers.get(root);
    if (set) set.add(reader);
    else readers.set(root, new Set([reader]));
    if (grows) repeated.add(root);
    return root;
  };
  for (const value of values) {
    if (value.leaf || (value.step && !forced.has(value))) continue;
    for (const input of value.inputs) {
      const root = addReader(input, value.siblings[0]?.id ?? value.id);
      if (value.op.kind === "kernel") byKernel.add(root);
    }
  }
  outputs.forEach((output, position) => addReader(output, -1 - position));

  // Costs are settled inputs first, since values stand in creation order.
  const costs = new Map<Value, number>();
  const costOf = (value: Value): number => {
    const { root } = rootOf(value);
    return root.leaf || stored.has(root) ? (sizeOf(root.spec.shape) === 1 ? 0 : 1) : (costs.get(root) ?? 0);
  };
  for (const value of values) {
    if (value.leaf) continue;
    if (forced.has(value)) stored.add(value);
    if (value.step) continue;
    if (!isExpression(value)) {
      stored.add(value);
      continue;
    }
    const isConstant = value.op.name === "full" || value.op.name === "iota";
    let cost = isConstant ? 0 : expensive.has(value.op.name) ? expensiveCost : 1;
    for (const input of value.inputs) cost += costOf(input);
    costs.set(value, cost);
    const shared = (readers.get(value)?.size ?? 0) > 1;
    if (byKernel.has(value) || ((shared || repeated.has(value)) && cost > cheapCost) || cost > largestCost || (!fuses && !isConstant)) stored.add(value);
  }
  return stored;
}
