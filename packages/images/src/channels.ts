import { checkColor, type Channels, type Color, type Image } from "./image.ts";

/**
 * The image with another number of channels.
 *
 * To grey: Pillow's `L`, (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down (ITU-R 601 weights). From grey: the
 * value three times. Alpha is dropped, not blended, as Pillow's `convert("RGB")` does, unless a `background` is given;
 * added alpha is opaque.
 *
 * @param options.background three values, 0 … 255: translucent pixels are blended over it first
 * @returns the image itself when nothing changes
 */
export function convertChannels(image: Image, channels: Channels, options: { background?: Color } = {}): Image {
  const source = options.background && image.channels === 4 ? blendOver(image, options.background) : image;
  if (source.channels === channels) return source;
  const { width, height, data } = source;
  const converted = new Uint8Array(width * height * channels);
  const step = source.channels;
  for (let from = 0, to = 0; from < data.length; from += step, to += channels) {
    const red = data[from]!;
    const green = step === 1 ? red : data[from + 1]!;
    const blue = step === 1 ? red : data[from + 2]!;
    if (channels === 1) converted[to] = luma(red, green, blue);
    else {
      converted[to] = red;
      converted[to + 1] = green;
      converted[to + 2] = blue;
      if (channels === 4) converted[to + 3] = 255;
    }
  }
  return { width, height, channels, data: converted };
}

/** Pillow's grey value of a colour, 0 … 255. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
}

function blendOver(image: Image, background: Color): Image {
  checkColor("convertChannels", background, 3);
  const { width, height, data } = image;
  const blended = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      blended[to + channel] = Math.round((data[from + channel]! * alpha + background[channel]! * (255 - alpha)) / 255);
    }
  }
  return { width, height, channels: 3, data: blended };
}
