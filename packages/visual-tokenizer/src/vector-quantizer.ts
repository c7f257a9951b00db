import { formatShape, ShapeError } from "@multiway/errors";
import { Module, zeroInitialiser } from "@multiway/nn";
import type { Key } from "@multiway/random";
import { constant, parameter, type Tensor } from "@multiway/tensor";

export interface VectorQuantizerOptions {
  /** Number of codes. BEiT v2: 8192. */
  numCodes: number;
  /** Width of a code vector. BEiT v2: 32. */
  codeDim: number;
  /** How much of a code and of its usage an update keeps. Default 0.99. */
  decay?: number;
}

/** x / max(‖x‖, 1e-12) along the last axis. */
export const unitLength = (x: Tensor): Tensor => x.div(x.square().sum({ axis: -1, keepDims: true }).sqrt().maximum(1e-12));

/**
 * A codebook of unit vectors; a vector's code is its nearest one, the lower number of equals.
 *
 * Codes learn without gradients: from k-means on a first batch, then as moving averages of the vectors that chose them
 * (Peng et al. 2022, "BEiT v2", section 3.1; microsoft/unilm: beit2/norm_ema_quantizer.py). Methods that change the codebook
 * return a new quantizer.
 */
export class VectorQuantizer extends Module {
  static readonly buffers: readonly string[] = ["codebook", "usage"];
  /** [numCodes, codeDim], rows of length 1 once started */
  codebook: Tensor;
  /** [numCodes], moving average of how many vectors of a batch chose each code */
  usage: Tensor;
  readonly decay: number;

  constructor({ numCodes, codeDim, decay = 0.99 }: VectorQuantizerOptions) {
    super();
    this.codebook = parameter([numCodes, codeDim], zeroInitialiser);
    this.usage = parameter([numCodes], zeroInitialiser);
    this.decay = decay;
  }

  /** @param vectors [..., codeDim], any length @returns codes i32 [...] */
  encode(vectors: Tensor): Tensor {
    this.require(vectors);
    // Of unit vectors the nearest has the largest product.
    return unitLength(vectors).matmul(this.codebook.transpose()).argMax({ axis: -1 });
  }

  /** @param codes i32 [...] @returns their vectors [..., codeDim] */
  decode(codes: Tensor): Tensor {
    return this.codebook.gather(codes);
  }

  /**
   * The lookup as a layer: gradients pass straight through to the vectors.
   *
   * @returns codes i32 [...]; quantized [..., codeDim]; commitment, the mean squared distance between vectors and their (fixed) codes
   */
  forward(vectors: Tensor): { codes: Tensor; quantized: Tensor; commitment: Tensor } {
    const z = unitLength(vectors);
    const codes = this.encode(vectors);
    const chosen = this.decode(codes).stopGradient();
    return { codes, quantized: z.add(chosen.sub(z).stopGradient()), commitment: chosen.sub(z).square().mean() };
  }

  /** A quantizer that has moved towards a batch of vectors [..., codeDim], from the codes that they chose before the move. */
  update(vectors: Tensor): VectorQuantizer {
    const { counts, means } = this.means(vectors, this.codebook);
    return this.with(unitLength(this.codebook.mul(this.decay).add(means.mul(1 - this.decay))), this.usage.mul(this.decay).add(counts.mul(1 - this.decay)));
  }

  /**
   * A quantizer whose codes are `rounds` of k-means on a batch of vectors [..., codeDim] away from randomly chosen ones of them.
   * Clusters that lose all their vectors keep their place.
   *
   * @param key  draws the first vectors, without repetition where there are enough
   */
  startFrom(vectors: Tensor, key: Key): VectorQuantizer {
    const [numCodes, codeDim] = this.codebook.shape as [number, number];
    const flat = vectors.reshape([vectors.size / codeDim, codeDim]);
    const order = key.permutation(flat.shape[0]!);
    const chosen = Int32Array.from({ length: numCodes }, (_, code) => order[code % order.length]!);
    return this.with(unitLength(flat).gather(constant(chosen)), this.usage);
  }

  /** One round of k-means on a batch of vectors: every code becomes the mean direction of those that chose it. */
  kMeansRound(vectors: Tensor): VectorQuantizer {
    return this.with(this.means(vectors, this.codebook).means, this.usage);
  }

  /** How many vectors chose each code, and their mean direction; the old code where none did. */
  private means(vectors: Tensor, old: Tensor): { counts: Tensor; means: Tensor } {
    this.require(vectors);
    const [numCodes, codeDim] = old.shape as [number, number];
    const rows = vectors.size / codeDim;
    const z = unitLength(vectors).reshape([rows, codeDim]);
    const codes = this.encode(vectors).reshape([rows]);
    const counts = z.narrow(1, 0, 1).mul(0).add(1).scatterAdd(codes, numCodes).squeeze(1);
    const sums = z.scatterAdd(codes, numCodes);
    const means = unitLength(sums.div(counts.maximum(1).unsqueeze(-1)));
    return { counts, means: counts.unsqueeze(-1).greater(0).where(means, old) };
  }

  private with(codebook: Tensor, usage: Tensor): VectorQuantizer {
    const copy = Object.create(VectorQuantizer.prototype) as VectorQuantizer;
    return Object.assign(copy, this, { codebook, usage });
  }

  private require(vectors: Tensor): void {
    const codeDim = this.codebook.shape[1]!;
    if (vectors.shape[vectors.rank - 1] !== codeDim) {
      throw new ShapeError(`VectorQuantizer: vectors have shape ${formatShape(vectors.shape)}; expected [..., ${codeDim}].`, { details: { shape: vectors.shape } });
    }
  }
}
