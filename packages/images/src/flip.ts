import type { Orientation } from "./codec/exif.ts";
import type { Image } from "./image.ts";

/** Left and right exchanged. */
export function flipHorizontal(image: Image): Image {
  const last = image.width - 1;
  return remap(image, image.width, image.height, (x, y) => y * image.width + last - x);
}

/** Top and bottom exchanged. */
export function flipVertical(image: Image): Image {
  const last = image.height - 1;
  return remap(image, image.width, image.height, (x, y) => (last - y) * image.width + x);
}

/**
 * The picture as it should be looked at.
 *
 * @param orientation as stored in EXIF: 2 mirrored, 3 upside down, 4 both, 5 … 8 the same, lying on the side
 */
export function applyOrientation(image: Image, orientation: Orientation): Image {
  if (orientation === 1) return image;
  const { width, height } = image;
  const turned = orientation >= 5;
  // Which stored pixel is seen at (x, y), before the exchange of the axes.
  const mirrorX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const mirrorY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  return remap(image, turned ? height : width, turned ? width : height, (x, y) => {
    const storedX = turned ? y : x;
    const storedY = turned ? x : y;
    return (mirrorY ? height - 1 - storedY : storedY) * width + (mirrorX ? width - 1 - storedX : storedX);
  });
}

/** A new image whose pixel (x, y) is the old pixel number `from(x, y)`. */
function remap(image: Image, width: number, height: number, from: (x: number, y: number) => number): Image {
  const { channels, data } = image;
  const mapped = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = from(x, y) * channels;
      for (let channel = 0; channel < channels; channel++) mapped[to++] = data[at + channel]!;
    }
  }
  return { width, height, channels, data: mapped };
}
