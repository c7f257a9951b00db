import { DTypeError, formatShape, formatValue, ShapeError } from "@multiway/errors";
import { pullBack } from "./backward.ts";
import { isFloat } from "./dtype.ts";
import { Node, specOf, topologicalOrder } from "./node.ts";
import { aliasOp } from "./ops/leaves.ts";
import { apply, scalar, Tensor } from "./tensor.ts";
import { flatten } from "./tree.ts";

/** A loss, or a loss with whatever else the function found out. */
export type LossResult = Tensor | readonly [Tensor, ...unknown[]];

/** What functions that are running right now are differentiated with respect to. */
const targetsInUse = new Set<Node>();

/** Whether a tensor depends on what some function around is differentiated with respect to: it must stay a graph then. */
export function isDifferentiated(tensor: Tensor): boolean {
  return targetsInUse.size > 0 && topologicalOrder([tensor.value]).some((node) => targetsInUse.has(node));
}

/** Runs a function of aliased tensors. */
function runWith<R>(targets: readonly Tensor[], run: () => R): R {
  for (const { value } of targets) targetsInUse.add(value.node);
  try {
    return run();
  } finally {
    for (const { value } of targets) targetsInUse.delete(value.node);
  }
}

/** Each float tensor of a tree under a name of its own, so that only its use inside the function counts. */
function withAliases(tree: unknown): { tree: unknown; targets: Tensor[]; rebuild: (gradients: readonly (Tensor | undefined)[]) => unknown } {
  const flat = flatten(tree);
  const targets: Tensor[] = [];
  const learns = (index: number): boolean => {
    const leaf = flat.leaves[index];
    return leaf instanceof Tensor && isFloat(leaf.dtype) && !flat.isConstant[index];
  };
  const aliased = flat.leaves.map((leaf, index) => {
    if (!(leaf instanceof Tensor) || !learns(index)) return leaf;
    const target = apply(aliasOp, [leaf], {})[0]!;
    targets.push(target);
    return target;
  });
  return {
    tree: flat.rebuild(aliased),
    targets,
    rebuild: (gradients) => {
      let next = 0;
      const gradientOf = (leaf: Tensor) => {
        const gradient = gradients[next++];
        return gradient && beside(gradient, leaf);
      };
      return flat.rebuild(flat.leaves.map((leaf, index) => (leaf instanceof Tensor ? (learns(index) ? gradientOf(leaf) : undefined) : leaf)));
    },
  };
}

/** A gradient that is made of constants alone (that of a sum, for example) lives where its tensor does, so that it can be read. */
function beside(gradient: Tensor, { device }: Tensor): Tensor {
  if (gradient.device || !device) return gradient;
  return new Tensor({ node: new Node(aliasOp, [gradient.value], {}, [specOf(gradient.value)], device), output: 0 });
}

/**
 * A function that returns what `loss` returns and the gradient in its first argument.
 *
 * @param loss  returns a scalar f32 tensor, or an array whose first element is one
 * @returns     `(...args) => [result, gradients]`; `gradients` is a tree like the first argument. Its leaves are undefined where no gradient flows:
 *              unused or frozen parameters, integers, buffers, whatever stands behind `stopGradient`. (Such a parameter is left alone by an optimizer; a gradient of zeros is not the same.)
 *
 * ```ts
 * const [loss, gradients] = valueAndGrad((model: Net) => model.forward(x).sub(y).square().mean())(model);
 * ```
 */
export function valueAndGrad<A extends readonly unknown[], R extends LossResult>(loss: (...args: A) => R): (...args: A) => [R, A[0]] {
  return (...args) => {
    const { tree, targets, rebuild } = withAliases(args[0]);
    const result = runWith(targets, () => loss(...([tree, ...args.slice(1)] as unknown as A)));
    const value: unknown = Array.isArray(result) ? (result as readonly unknown[])[0] : result;
    if (!(value instanceof Tensor)) throw new DTypeError(`valueAndGrad: the function returned ${formatValue(value)}; expected a scalar tensor, or an array that begins with one.`);
    if (value.size !== 1) throw new ShapeError(`valueAndGrad: the loss has shape ${formatShape(value.shape)}; expected one element. Reduce it with mean() or sum(), or use vjp.`, { details: { shape: value.shape } });
    if (value.dtype !== "f32") throw new DTypeError(`valueAndGrad: the loss is ${value.dtype}; expected f32.`);
    const gradients = pullBack([{ tensor: value, gradient: scalar(1, "f32").expand(value.shape) }], targets);
    return [result, rebuild(gradients) as A[0]];
  };
}

/** The gradient alone: see {@link valueAndGrad}. */
export function grad<A extends readonly unknown[]>(loss: (...args: A) => LossResult): (...args: A) => A[0] {
  const both = valueAndGrad(loss);
  return (...args) => both(...args)[1];
}

/**
 * A function's result, and a function that pulls gradients of the result back to the arguments.
 *
 * @returns `[result, pull]`; `pull(gradients)` takes a tree like `result` (undefined or missing leaves count as zero) and gives one gradient tree per argument
 */
export function vjp<A extends readonly unknown[], R>(fn: (...args: A) => R, ...args: A): [R, (gradients: R) => A] {
  const { tree, targets, rebuild } = withAliases(args);
  const outputs = flatten(runWith(targets, () => fn(...(tree as A))));
  // Handed out under other names: once they are computed, they forget what they were made of, which the pull still needs.
  const result = outputs.rebuild(outputs.leaves.map((leaf) => (leaf instanceof Tensor ? apply(aliasOp, [leaf], {})[0] : leaf))) as R;
  return [
    result,
    (gradients) => {
      const given = flatten(gradients, { name: "vjp" });
      const byPath = new Map(given.leaves.map((leaf, index) => [given.paths[index]!, leaf]));
      const seeds = outputs.leaves.flatMap((leaf, index) => {
        const gradient = byPath.get(outputs.paths[index]!);
        if (!(leaf instanceof Tensor) || !(gradient instanceof Tensor)) return [];
        if (gradient.shape.join() !== leaf.shape.join()) {
          throw new ShapeError(`vjp: the gradient at "${outputs.paths[index]}" has shape ${formatShape(gradient.shape)}; expected ${formatShape(leaf.shape)}, that of the result.`, { details: { path: outputs.paths[index] } });
        }
        return [{ tensor: leaf, gradient }];
      });
      return rebuild(pullBack(seeds, targets)) as A;
    },
  ];
}

/** A tree like the given one through which no gradient flows. */
export function stopGradient<T>(tree: T): T {
  const flat = flatten(tree);
  return flat.rebuild(flat.leaves.map((leaf) => (leaf instanceof Tensor ? leaf.stopGradient() : leaf))) as T;
}
