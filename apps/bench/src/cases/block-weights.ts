import { uniform } from "../inputs.ts";

/** How a weight's numbers are made, the same in every library. */
export interface WeightSpec {
  shape: readonly number[];
  seed: number;
  scale: number;
  offset: number;
}

export const weightValues = ({ shape, seed, scale, offset }: WeightSpec): Float32Array => uniform(seed, shape.reduce((size, extent) => size * extent, 1), scale, offset);

/** Of a pre-norm block, in the order of use; matrices are [outputs, inputs]. */
export interface BlockWeights<T> {
  norm1Gain: T;
  norm1Offset: T;
  /** [3 · embedDim, embedDim]: query, key and value below each other. */
  qkv: T;
  qkvBias: T;
  out: T;
  outBias: T;
  norm2Gain: T;
  norm2Offset: T;
  up: T;
  upBias: T;
  down: T;
  downBias: T;
}

export const epsilon = 1e-5;

export function matrixSpec(outputs: number, inputs: number, seed: number): WeightSpec {
  return { shape: [outputs, inputs], seed, scale: 1 / Math.sqrt(inputs), offset: 0 };
}
export const biasSpec = (size: number, seed: number): WeightSpec => ({ shape: [size], seed, scale: 0.1, offset: 0 });

/** Seeds begin at 100, below which inputs have theirs. */
export function blockWeightSpecs(layer: number, embedDim: number, ffnDim: number): BlockWeights<WeightSpec> {
  const seed = (position: number): number => 100 + 16 * layer + position;
  const gainSpec = (position: number): WeightSpec => ({ shape: [embedDim], seed: seed(position), scale: 0.1, offset: 1 });
  return {
    norm1Gain: gainSpec(0),
    norm1Offset: biasSpec(embedDim, seed(1)),
    qkv: matrixSpec(3 * embedDim, embedDim, seed(2)),
    qkvBias: biasSpec(3 * embedDim, seed(3)),
    out: matrixSpec(embedDim, embedDim, seed(4)),
    outBias: biasSpec(embedDim, seed(5)),
    norm2Gain: gainSpec(6),
    norm2Offset: biasSpec(embedDim, seed(7)),
    up: matrixSpec(ffnDim, embedDim, seed(8)),
    upBias: biasSpec(ffnDim, seed(9)),
    down: matrixSpec(embedDim, ffnDim, seed(10)),
    downBias: biasSpec(embedDim, seed(11)),
  };
}

/** The same record with every entry made from its spec. */
export const mapWeights = <S, T>(weights: BlockWeights<S>, make: (spec: S) => T): BlockWeights<T> =>
  Object.fromEntries(Object.entries(weights as unknown as Record<string, S>).map(([name, spec]) => [name, make(spec)])) as unknown as BlockWeights<T>;
