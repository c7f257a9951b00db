import { formatShape, ShapeError } from "@multiway/errors";
import { parameter, type Tensor } from "@multiway/tensor";
import { fanInInitialiser } from "./initialise.ts";
import { Module } from "./module.ts";

/**
 * Square patches of a picture, each projected to a vector: a convolution whose stride is its size (Dosovitskiy et al. 2020, section 3.1).
 *
 * Patches are read row by row from the top left; within a patch channels come first, then rows, as a convolution's weight has them.
 */
export class PatchEmbedding extends Module {
  /** [width, channels, patchSize, patchSize] */
  weight: Tensor;
  /** [width] */
  bias: Tensor;
  readonly patchSize: number;

  constructor(patchSize: number, width: number, { channels = 3 }: { channels?: number } = {}) {
    super();
    const fanIn = channels * patchSize * patchSize;
    this.weight = parameter([width, channels, patchSize, patchSize], fanInInitialiser(fanIn));
    this.bias = parameter([width], fanInInitialiser(fanIn));
    this.patchSize = patchSize;
  }

  /** @param images [batch, channels, height, width], extents multiples of the patch size @returns [batch, patches, width] */
  forward(images: Tensor): Tensor {
    const patches = toPatches(images, this.patchSize);
    return patches.matmul(this.weight.flatten(1).transpose()).add(this.bias);
  }
}

/**
 * Pixels by patch.
 *
 * @param images [batch, channels, height, width]
 * @returns [batch, patches, channels · patchSize²], patches row by row, channels before rows before columns
 * @throws ShapeError when the patch size does not divide height and width
 */
export function toPatches(images: Tensor, patchSize: number): Tensor {
  const [batch, channels, height, width] = images.shape;
  if (images.rank !== 4 || height! % patchSize !== 0 || width! % patchSize !== 0) {
    throw new ShapeError(`toPatches: images have shape ${formatShape(images.shape)}; expected [batch, channels, height, width] with height and width multiples of ${patchSize}.`, {
      details: { shape: images.shape, patchSize },
    });
  }
  const rows = height! / patchSize;
  const columns = width! / patchSize;
  return images
    .reshape([batch!, channels!, rows, patchSize, columns, patchSize])
    .permute([0, 2, 4, 1, 3, 5])
    .reshape([batch!, rows * columns, channels! * patchSize * patchSize]);
}
