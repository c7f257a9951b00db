import { OptionError } from "@multiway/errors";
import { Module, toPatches } from "@multiway/nn";
import type { Key } from "@multiway/random";
import { compile, concat, full, realize, type Tensor } from "@multiway/tensor";
import { VectorQuantizer } from "./vector-quantizer.ts";

export interface PatchTokenizerOptions {
  /** Height and width of a patch, pixels. */
  patchSize: number;
  /** Number of visual tokens. */
  numCodes: number;
  /** Cells of a patch that are averaged, pixels; a whole number of them makes a patch. Default: what comes nearest to four cells each way. */
  cellSize?: number;
  decay?: number;
}

/**
 * Visual tokens for small pictures: patches are described by the mean colours of their cells, and quantized.
 *
 * A patch's feature is its cells' colours with one constant behind them. The quantizer compares directions, which alone would take a grey
 * patch for a white one; with the constant, brightness turns the direction too.
 */
export class PatchTokenizer extends Module {
  quantizer: VectorQuantizer;
  readonly patchSize: number;
  readonly cellSize: number;

  /** @throws {OptionError} where cells do not fill the patch */
  constructor({ patchSize, numCodes, cellSize = usualCellSize(patchSize), decay = 0.99 }: PatchTokenizerOptions) {
    super();
    if (!(patchSize / cellSize >= 1 && Number.isInteger(patchSize / cellSize) && Number.isInteger(cellSize))) {
      throw new OptionError(`PatchTokenizer: cells of ${cellSize} pixels do not fill a patch of ${patchSize}; expected whole numbers, cellSize a divisor of patchSize.`, { details: { patchSize, cellSize } });
    }
    this.patchSize = patchSize;
    this.cellSize = cellSize;
    const cells = (patchSize / cellSize) ** 2;
    this.quantizer = new VectorQuantizer({ numCodes, codeDim: 3 * cells + 1, decay });
  }

  get numCodes(): number {
    return this.quantizer.codebook.shape[0]!;
  }

  /** @param images [batch, 3, height, width] in −1 … 1 @returns [batch, patches, 3 · cells + 1] */
  features(images: Tensor): Tensor {
    const [batch, channels, height, width] = images.shape as [number, number, number, number];
    const cell = this.cellSize;
    const means = images.reshape([batch, channels, height / cell, cell, width / cell, cell]).mean({ axis: [3, 5] });
    const patches = toPatches(means, this.patchSize / cell);
    const [, count, size] = patches.shape as [number, number, number];
    return concat([patches, full([batch, count, 1], Math.sqrt(size))], 2);
  }

  /** @param images [batch, 3, height, width] in −1 … 1 @returns visual tokens, i32 [batch, patches] */
  encode(images: Tensor): Tensor {
    return this.quantizer.encode(this.features(images));
  }

  /**
   * What each visual token looks like: the colours of its cells.
   *
   * @returns [numCodes, 3, cells, cells] in about −1 … 1, with as many cells each way as fit a patch
   */
  colors(): Tensor {
    const { codebook } = this.quantizer;
    const [numCodes, codeDim] = codebook.shape as [number, number];
    const size = codeDim - 1;
    const side = Math.sqrt(size / 3);
    // Codes have length 1; the constant behind the colours says how long they were.
    return codebook.narrow(1, 0, size).div(codebook.narrow(1, size, 1)).mul(Math.sqrt(size)).reshape([numCodes, 3, side, side]);
  }

  /** The tokenizer with another quantizer. */
  with(quantizer: VectorQuantizer): PatchTokenizer {
    return Object.assign(Object.create(PatchTokenizer.prototype) as PatchTokenizer, this, { quantizer });
  }
}

/** The divisor of a patch that comes nearest to four cells each way, of two the finer. */
function usualCellSize(patchSize: number): number {
  let best = patchSize;
  for (let cell = patchSize - 1; cell > 0; cell--) {
    if (patchSize % cell === 0 && Math.abs(patchSize / cell - 4) <= Math.abs(patchSize / best - 4)) best = cell;
  }
  return best;
}

export interface FitOptions {
  key: Key;
  /** Rounds of k-means on the first batch. Default 10. */
  kMeansRounds?: number;
  /** Called after each step with the share of the work that is done. */
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/**
 * Trains a tokenizer's codes: k-means on the first batch, then moving averages over the others.
 *
 * @param batches pictures, each [batch, 3, height, width] on one device
 */
export async function fitPatchTokenizer(tokenizer: PatchTokenizer, batches: readonly Tensor[], options: FitOptions): Promise<PatchTokenizer> {
  const { key, kMeansRounds = 10, onProgress, signal } = options;
  const total = kMeansRounds + batches.length;
  const round = compile((model: PatchTokenizer, images: Tensor) => model.with(model.quantizer.kMeansRound(model.features(images))), { name: "kMeansRound", donate: [0] });
  const step = compile((model: PatchTokenizer, images: Tensor) => model.with(model.quantizer.update(model.features(images))), { name: "updateCodes", donate: [0] });
  const [first] = batches;
  if (!first) return tokenizer;
  let current = await realize(tokenizer.with(tokenizer.quantizer.startFrom(tokenizer.features(first), key)));
  for (let done = 0; done < total; done++) {
    signal?.throwIfAborted();
    current = done < kMeansRounds ? round(current, first) : step(current, batches[done - kMeansRounds]!);
    onProgress?.(done + 1, total);
  }
  return await realize(current);
}
