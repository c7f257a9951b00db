import type { Device } from "./device.ts";
import { realizeValues } from "./realize.ts";
import { tensorsOf } from "./tree.ts";

/**
 * Computes all tensors of a tree, in one program, and keeps them. Resolves when the device is done.
 *
 * @param options.device  where tensors that are made of constants alone shall live
 * @returns the same tree
 */
export async function realize<T>(tree: T, options: { device?: Device } = {}): Promise<T> {
  const tensors = tensorsOf(tree).map(({ tensor }) => tensor);
  realizeValues(
    tensors.map((tensor) => tensor.value),
    options.device,
  );
  const devices = new Set(tensors.map((tensor) => tensor.value.node.stored[tensor.value.output]!.device));
  await Promise.all([...devices].map((device) => device.synchronize()));
  return tree;
}
