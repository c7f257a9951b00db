import { OptionError } from "@multiway/errors";
import { full, mapTree, tensorsOf, type Tensor } from "@multiway/tensor";

/** √Σ g² over all gradients of a tree; missing ones count as zero. */
export function globalNorm(gradients: unknown): Tensor {
  const squares = tensorsOf(gradients).map(({ tensor }) => tensor.square().sum());
  return squares.length === 0 ? full([], 0) : sumOf(squares).sqrt();
}

/** As many values as a loop reads on every device, with room for what it is fused with. */
const valuesPerSum = 4;

/** Sums of sums, so that those of one level can run together. */
function sumOf(values: readonly Tensor[]): Tensor {
  let level = values;
  while (level.length > 1) {
    const sums: Tensor[] = [];
    for (let first = 0; first < level.length; first += valuesPerSum) sums.push(level.slice(first, first + valuesPerSum).reduce((sum, value) => sum.add(value)));
    level = sums;
  }
  return level[0]!;
}

/**
 * Gradients scaled so that their common norm is at most `maxNorm` (Pascanu et al. 2013), as `torch.nn.utils.clip_grad_norm_` does.
 *
 * @returns the gradients, and the norm before clipping
 */
export function clipByGlobalNorm<T>(gradients: T, maxNorm: number): { gradients: T; norm: Tensor } {
  if (!(maxNorm > 0)) throw new OptionError(`clipByGlobalNorm: maxNorm is ${maxNorm}; expected a number above 0.`);
  const norm = globalNorm(gradients);
  const factor = norm.add(1e-6).reciprocal().mul(maxNorm).minimum(1);
  return { gradients: mapTree(gradients, (gradient) => gradient.mul(factor)), norm };
}
