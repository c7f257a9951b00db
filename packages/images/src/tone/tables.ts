import { checkImage, type Image } from "../image.ts";

/** What each value 0 … 255 of a channel becomes. */
export type ToneTable = ArrayLike<number>;

/** How many colour channels there are; alpha is none of them. */
export function colorChannels({ channels }: Image): number {
  return channels === 1 ? 1 : 3;
}

/** A new image with every colour looked up, alpha untouched. */
export function mapColors(caller: string, image: Image, table: ToneTable): Image {
  return mapChannels(caller, image, () => table);
}

/** A new image with each colour channel looked up in a table of its own, alpha untouched. */
export function mapChannels(caller: string, image: Image, tableOf: (channel: number) => ToneTable): Image {
  const { channels, data } = checkImage(caller, image);
  const result = new Uint8Array(data);
  for (let channel = 0; channel < colorChannels(image); channel++) {
    const table = tableOf(channel);
    for (let at = channel; at < data.length; at += channels) result[at] = table[data[at]!]!;
  }
  return { ...image, data: result };
}

/** How often each value 0 … 255 occurs in a channel. */
export function histogram({ channels, data }: Image, channel: number): Uint32Array {
  const counts = new Uint32Array(256);
  for (let at = channel; at < data.length; at += channels) counts[data[at]!]!++;
  return counts;
}
