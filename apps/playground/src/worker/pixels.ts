import type { Image } from "@multiway/images";
import type { Pixels } from "./protocol.ts";

/** A picture in red, green and blue as a canvas takes it. */
export function withAlpha({ width, height, data }: Pick<Image, "width" | "height" | "data">): Pixels {
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let pixel = 0; pixel < width * height; pixel++) pixels.set(data.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
  return { width, height, data: pixels };
}
