import { OptionError } from "@multiway/errors";
import { createImage, type Channels, type Color, type Image } from "../image.ts";
import { paste } from "./paste.ts";

export interface SheetOptions {
  /** Images per row; default: as square as possible. */
  columns?: number;
  /** Pixels between and around the cells; default 0. */
  gapPx?: number;
  /** Default white. */
  background?: number | Color;
  /** Default 3. */
  channels?: Channels;
}

/**
 * Lays images out in reading order. Cells are as large as the largest image; smaller ones are centred.
 *
 * ```ts
 * const address = await toDataUrl(sheet(samples, { columns: 8, gapPx: 2 }));
 * ```
 */
export function sheet(images: readonly Image[], options: SheetOptions = {}): Image {
  if (images.length === 0) throw new OptionError("sheet: no images were given; expected at least one.");
  const { columns = Math.ceil(Math.sqrt(images.length)), gapPx = 0, background = 255, channels = 3 } = options;
  if (!Number.isInteger(columns) || columns < 1) throw new OptionError(`sheet: columns is ${columns}; expected a positive whole number.`);
  const cellWidth = Math.max(...images.map((image) => image.width));
  const cellHeight = Math.max(...images.map((image) => image.height));
  const usedColumns = Math.min(columns, images.length);
  const rows = Math.ceil(images.length / columns);
  const target = createImage(usedColumns * (cellWidth + gapPx) + gapPx, rows * (cellHeight + gapPx) + gapPx, channels, background);
  images.forEach((image, index) => {
    const left = gapPx + (index % columns) * (cellWidth + gapPx) + Math.floor((cellWidth - image.width) / 2);
    const top = gapPx + Math.floor(index / columns) * (cellHeight + gapPx) + Math.floor((cellHeight - image.height) / 2);
    paste(target, image, { left, top });
  });
  return target;
}
