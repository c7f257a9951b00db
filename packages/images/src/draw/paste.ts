import { checkColor, checkImage, type Color, type Image, type Rect } from "../image.ts";
import { convertChannels } from "../channels.ts";

/**
 * Draws one image on another, in place; what falls outside is left out.
 *
 * A source with alpha is blended over a target without; otherwise channels are converted and bytes copied.
 *
 * @returns the target
 */
export function paste(target: Image, source: Image, at: { left: number; top: number }): Image {
  checkImage("paste", target);
  checkImage("paste", source);
  const left = Math.round(at.left);
  const top = Math.round(at.top);
  const blends = source.channels === 4 && target.channels !== 4;
  const opaque = convertChannels(source, target.channels);
  const { channels } = target;
  const fromX = Math.max(0, -left);
  const toX = Math.min(source.width, target.width - left);
  if (toX <= fromX) return target;
  for (let y = Math.max(0, -top); y < Math.min(source.height, target.height - top); y++) {
    const from = (y * source.width + fromX) * channels;
    const to = ((top + y) * target.width + left + fromX) * channels;
    const count = (toX - fromX) * channels;
    if (!blends) {
      target.data.set(opaque.data.subarray(from, from + count), to);
      continue;
    }
    for (let index = 0; index < count; index++) {
      const alpha = source.data[(y * source.width + fromX + Math.floor(index / channels)) * 4 + 3]!;
      target.data[to + index] = Math.round((opaque.data[from + index]! * alpha + target.data[to + index]! * (255 - alpha)) / 255);
    }
  }
  return target;
}

/** Fills a rectangle with a colour, in place; what falls outside is left out. Returns the target. */
export function fillRect(target: Image, rect: Rect, color: Color): Image {
  checkImage("fillRect", target);
  checkColor("fillRect", color, target.channels);
  const left = Math.max(0, Math.round(rect.left));
  const right = Math.min(target.width, Math.round(rect.left + rect.width));
  const bottom = Math.min(target.height, Math.round(rect.top + rect.height));
  for (let y = Math.max(0, Math.round(rect.top)); y < bottom; y++) {
    for (let x = left; x < right; x++) target.data.set(color, (y * target.width + x) * target.channels);
  }
  return target;
}

/**
 * Draws the border of a rectangle inside it, in place, for boxes of a detector.
 *
 * @param options.thicknessPx default 2
 */
export function strokeRect(target: Image, rect: Rect, color: Color, options: { thicknessPx?: number } = {}): Image {
  const { left, top, width, height } = rect;
  const thickness = Math.min(options.thicknessPx ?? 2, Math.ceil(width / 2), Math.ceil(height / 2));
  fillRect(target, { left, top, width, height: thickness }, color);
  fillRect(target, { left, top: top + height - thickness, width, height: thickness }, color);
  fillRect(target, { left, top, width: thickness, height }, color);
  return fillRect(target, { left: left + width - thickness, top, width: thickness, height }, color);
}
