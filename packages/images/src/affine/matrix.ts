import { formatValue, ImageError } from "@multiway/errors";
import { checkColor, checkImage, type Color, type Image } from "../image.ts";

/** An affine map of pixel coordinates: `x' = a x + b y + c` and `y' = d x + e y + f`. */
export type AffineMatrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** @throws ImageError unless the image is whole, the matrix six finite numbers, and the fill a colour of the image */
export function checkAffine(caller: string, image: Image, matrix: AffineMatrix, fill: Color): void {
  checkImage(caller, image);
  if (matrix.length !== 6 || !matrix.every(Number.isFinite)) {
    throw new ImageError(`${caller}: the matrix is ${formatValue(matrix)}; expected six finite numbers.`, { details: { matrix } });
  }
  checkColor(caller, fill, image.channels);
}
