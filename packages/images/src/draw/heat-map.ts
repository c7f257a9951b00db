import { ShapeError } from "@multiway/errors";
import { convertChannels } from "../channels.ts";
import { checkImage, type Color, type Image } from "../image.ts";
import { resizePlanes } from "../resize/resize-planes.ts";

export interface HeatMapOptions {
  /** How strongly the map covers the picture, 0 … 1; default 0.6. */
  opacity?: number;
  /** Value of the coldest and of the hottest colour; default: smallest and largest value. */
  range?: readonly [number, number];
  /** RGB from cold to hot, evenly spaced; default black, violet, orange, pale yellow: lightness rises steadily, so it also reads in grey. */
  colors?: readonly Color[];
}

const inferno: readonly Color[] = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
];

/**
 * Blends a map of numbers, such as attention over patches, over a picture.
 *
 * @param values `[height, width]` of the map; stretched bilinearly over the whole picture
 * @returns a new RGB image of the picture's size
 */
export function heatMap(image: Image, values: Float32Array, size: { width: number; height: number }, options: HeatMapOptions = {}): Image {
  checkImage("heatMap", image);
  if (values.length !== size.width * size.height) {
    throw new ShapeError(`heatMap: ${values.length} values were given for [${size.height}, ${size.width}]; expected ${size.width * size.height}.`);
  }
  const { opacity = 0.6, colors = inferno } = options;
  const [low, high] = options.range ?? [values.reduce((a, b) => Math.min(a, b), Infinity), values.reduce((a, b) => Math.max(a, b), -Infinity)];
  const stretched = resizePlanes({ data: values, channels: 1, ...size }, { width: image.width, height: image.height, filter: "bilinear" }).data;
  const base = convertChannels(image, 3);
  const data = new Uint8Array(base.data.length);
  for (let pixel = 0; pixel < stretched.length; pixel++) {
    const heat = high > low ? Math.min(1, Math.max(0, (stretched[pixel]! - low) / (high - low))) : 0;
    const position = heat * (colors.length - 1);
    const cold = colors[Math.floor(position)]!;
    const hot = colors[Math.min(colors.length - 1, Math.floor(position) + 1)]!;
    for (let channel = 0; channel < 3; channel++) {
      const color = cold[channel]! + (hot[channel]! - cold[channel]!) * (position - Math.floor(position));
      data[pixel * 3 + channel] = Math.round(base.data[pixel * 3 + channel]! * (1 - opacity) + color * opacity);
    }
  }
  return { width: image.width, height: image.height, channels: 3, data };
}
