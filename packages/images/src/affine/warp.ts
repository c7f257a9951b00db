import type { Color, Image } from "../image.ts";
import { roundHalfToEven } from "../resize/crop.ts";
import { checkAffine, type AffineMatrix } from "./matrix.ts";

/** Positions have 10 bits behind the point while they are added up; 5 of them choose the weights. */
const positionBits = 10;
const weightBits = 5;
const weightSteps = 1 << weightBits;

/**
 * Moves every pixel by an affine map, at equal size, as OpenCV's `warpAffine` does: the source pixel at (x, y) goes to
 * `matrix` × (x, y), bilinear in steps of 1/32 pixel, blended with `fill` at the edge.
 *
 * Coordinates are whole at pixel centres, (0, 0) for the first. Compare `transformAffine`, which is Pillow's.
 *
 * Source: OpenCV 4.6, `imgproc/src/imgwarp.cpp`; bit for bit.
 */
export function warpAffine(image: Image, matrix: AffineMatrix, fill: Color): Image {
  checkAffine("warpAffine", image, matrix, fill);
  const { width, height, channels, data } = image;
  const [a, b, c, d, e, f] = invertAffine(matrix);
  const unit = 1 << positionBits;
  // Half a weight step, so that the shift below rounds.
  const rounding = unit / weightSteps / 2;
  const shift = positionBits - weightBits;
  const columnX = Int32Array.from({ length: width }, (_, x) => roundHalfToEven(a * x * unit));
  const columnY = Int32Array.from({ length: width }, (_, x) => roundHalfToEven(d * x * unit));
  const result = new Uint8Array(data.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const rowX = roundHalfToEven((b * y + c) * unit) + rounding;
    const rowY = roundHalfToEven((e * y + f) * unit) + rounding;
    for (let x = 0; x < width; x++, to += channels) {
      const fineX = (rowX + columnX[x]!) >> shift;
      const fineY = (rowY + columnY[x]!) >> shift;
      const left = fineX >> weightBits;
      const top = fineY >> weightBits;
      const right = fineX & (weightSteps - 1);
      const lower = fineY & (weightSteps - 1);
      for (let channel = 0; channel < channels; channel++) {
        const at = (atX: number, atY: number): number =>
          atX >= 0 && atX < width && atY >= 0 && atY < height ? data[(atY * width + atX) * channels + channel]! : fill[channel]!;
        const above = at(left, top) * (weightSteps - right) + at(left + 1, top) * right;
        const below = at(left, top + 1) * (weightSteps - right) + at(left + 1, top + 1) * right;
        result[to + channel] = (above * (weightSteps - lower) + below * lower + (weightSteps * weightSteps) / 2) >> (2 * weightBits);
      }
    }
  }
  return { width, height, channels, data: result };
}

/** OpenCV's `getRotationMatrix2D` at scale 1: counterclockwise by `degrees`, about (centerX, centerY). */
export function rotationMatrix(centerX: number, centerY: number, degrees: number): AffineMatrix {
  const angle = (degrees * Math.PI) / 180;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return [cos, sin, (1 - cos) * centerX - sin * centerY, -sin, cos, sin * centerX + (1 - cos) * centerY];
}

function invertAffine([a, b, c, d, e, f]: AffineMatrix): [number, number, number, number, number, number] {
  const determinant = a * e - b * d;
  const scale = determinant === 0 ? 0 : 1 / determinant;
  const [inverseA, inverseB, inverseD, inverseE] = [e * scale, -b * scale, -d * scale, a * scale];
  return [inverseA, inverseB, -inverseA * c - inverseB * f, inverseD, inverseE, -inverseD * c - inverseE * f];
}
