import { flatten, Tensor } from "@multiway/tensor";

/** Float tensors of a tree that learn by gradients, with their names. */
export function namedParameters(tree: unknown): { name: string; tensor: Tensor }[] {
  const flat = flatten(tree);
  return flat.leaves.flatMap((leaf, index) => (leaf instanceof Tensor && !flat.isConstant[index] && (leaf.dtype === "f32" || leaf.dtype === "f16") ? [{ name: flat.paths[index]!, tensor: leaf }] : []));
}
