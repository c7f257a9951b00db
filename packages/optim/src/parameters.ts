import { flatten, Tensor } from "@multiway/tensor";

/** Float tensors of a tree that learn by gradients, with their names. */
export function namedParameters(tree: unknown): { name: string; tensor: Tensor }[] {
  const flat = flatten(tree);
  return flat.leaves.flatMap((leaf, index) => (leaf instanceof Tensor && !flat.isConstant[index] && (leaf.dtype === "f32" || leaf.dtype === "f16") ? [{ name: flat.paths[index]!, tensor: leaf }] : []));
}

/** Names of tensors that do not learn by gradients: buffers, and what stands in frozen modules. */
export function isBufferOrFrozen(tree: unknown): ReadonlySet<string> {
  const flat = flatten(tree);
  return new Set(flat.paths.filter((_, index) => flat.isConstant[index]));
}
