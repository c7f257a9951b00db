import { formatShape, ShapeError } from "@multiway/errors";
import { Module, normalInitialiser, PatchEmbedding, zeroInitialiser } from "@multiway/nn";
import { concat, parameter, type Initialiser, type Tensor } from "@multiway/tensor";

/** The first row of a position table that is used: rows 0 and 1 exist in checkpoints, which follow Fairseq, and are never read. */
export const firstPosition = 2;

/** Patches of a picture as vectors, with a class vector in front; masked patches become one learned vector. */
export class VisionEmbedding extends Module {
  patches: PatchEmbedding;
  /** [1, 1, embedDim] */
  classToken: Tensor;
  /** [1, 1, embedDim] */
  maskToken: Tensor;

  constructor({ patchSize, embedDim, channels = 3 }: { patchSize: number; embedDim: number; channels?: number }) {
    super();
    this.patches = new PatchEmbedding(patchSize, embedDim, { channels });
    this.classToken = parameter([1, 1, embedDim], zeroInitialiser);
    this.maskToken = parameter([1, 1, embedDim], zeroInitialiser);
  }

  /**
   * @param images    [batch, channels, height, width]
   * @param isMasked  bool [batch, patches]: patches to hide; the class vector never is
   * @returns         [batch, 1 + patches, embedDim]
   */
  forward(images: Tensor, isMasked?: Tensor): Tensor {
    let x = this.patches.forward(images);
    const [batch, patches, width] = x.shape as [number, number, number];
    if (isMasked) {
      if (isMasked.shape.join() !== [batch, patches].join()) {
        throw new ShapeError(`VisionEmbedding: isMasked has shape ${formatShape(isMasked.shape)}; expected ${formatShape([batch, patches])}, one flag per patch.`, { details: { shape: isMasked.shape } });
      }
      x = isMasked.cast("bool").unsqueeze(-1).where(this.maskToken, x);
    }
    return concat([this.classToken.expand([batch, 1, width]), x], 1);
  }
}

/** A learned vector for each position; counting starts at row 2 ({@link firstPosition}). */
export class PositionEmbedding extends Module {
  /** [rows, embedDim] */
  weight: Tensor;

  /**
   * @param rows    two more than the longest sequence
   * @param weight  default: normal with deviation 1, as TorchScale begins
   */
  constructor(rows: number, embedDim: number, { weight = normalInitialiser(1) }: { weight?: Initialiser } = {}) {
    super();
    this.weight = parameter([rows, embedDim], weight);
  }

  /**
   * @param length     rows 2 … length + 1 are taken
   * @param positions  or these rows, i32 [1, length] or [batch, length]
   * @returns          [1 or batch, length, embedDim]
   */
  forward(length: number, positions?: Tensor): Tensor {
    const rows = this.weight.shape[0]!;
    if (positions) return this.weight.gather(positions);
    if (length + firstPosition > rows) {
      throw new ShapeError(`PositionEmbedding: a sequence of ${length} tokens; expected at most ${rows - firstPosition}, what the table of ${rows} rows holds. Cut the sequence, or load with a longer table.`, {
        details: { length, rows },
      });
    }
    return this.weight.narrow(0, firstPosition, length).unsqueeze(0);
  }
}

