import { Module, normalInitialiser } from "@multiway/nn";
import { constant, parameter, type Tensor } from "@multiway/tensor";

/**
 * The bucket of a distance, both ways: half of the buckets for keys behind the query, half for those before; exact for short distances,
 * logarithmic for longer ones (Raffel et al. 2020, "T5"; microsoft/torchscale: torchscale/component/relative_position_bias.py).
 */
export function relativePositionBucket(distance: number, numBuckets: number, maxDistance: number): number {
  const half = numBuckets / 2;
  const exact = half / 2;
  const length = Math.abs(distance);
  const base = distance > 0 ? half : 0;
  if (length < exact) return base + length;
  // In f32, as the original computes it: on the edge of two buckets the last bit decides.
  const ratio = Math.fround(Math.fround(Math.log(Math.fround(length / exact))) / Math.fround(Math.log(maxDistance / exact)));
  return base + Math.min(half - 1, exact + Math.trunc(Math.fround(ratio * (half - exact))));
}

/** A learned bias per head and bucket of distance. Off in the released models. */
export class RelativePositionBias extends Module {
  /** [numBuckets, numHeads] */
  weight: Tensor;
  readonly maxDistance: number;

  constructor({ numBuckets = 32, maxDistance = 128, numHeads }: { numBuckets?: number; maxDistance?: number; numHeads: number }) {
    super();
    this.weight = parameter([numBuckets, numHeads], normalInitialiser(1));
    this.maxDistance = maxDistance;
  }

  /** i32 bucket of each pair, row-major [queries, keys]. @param firstQuery position of the first query. Default 0 */
  buckets(queries: number, keys: number, firstQuery = 0): Int32Array {
    const numBuckets = this.weight.shape[0]!;
    return Int32Array.from({ length: queries * keys }, (_, index) => relativePositionBucket((index % keys) - (Math.floor(index / keys) + firstQuery), numBuckets, this.maxDistance));
  }

  /** @returns [numHeads, queries, keys], to be added to attention scores */
  forward(queries: number, keys: number, firstQuery = 0): Tensor {
    return this.weight.gather(constant(this.buckets(queries, keys, firstQuery), { shape: [queries, keys] })).permute([2, 0, 1]);
  }
}
