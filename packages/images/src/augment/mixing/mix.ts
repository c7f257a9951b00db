import { formatShape, formatValue, OptionError, ShapeError } from "@multiway/errors";
import type { Mix } from "./draw-mix.ts";

/**
 * Mixes a batch of pictures with itself, read backwards, in place: the first with the last, and so on.
 *
 * ```ts
 * const mix = drawMix({ width: 224, height: 224 }, key(7).fold(step)); // 0.8 and 1, as ImageNet tuning of BEiT-3
 * mixImages(batch, { count: 32, channels: 3, width: 224, height: 224 }, mix);
 * const targets = mixTargets(labels, mix, { numClasses: 1000, smoothing: 0.1 });
 * ```
 *
 * @param batch `[count, channels, height, width]`
 * @returns `batch`
 */
export function mixImages(batch: Float32Array, size: { count: number; channels: number; height: number; width: number }, { share, box }: Mix): Float32Array {
  const { count, channels, height, width } = size;
  const plane = height * width;
  const picture = channels * plane;
  if (batch.length !== count * picture) {
    throw new ShapeError(`mixImages: ${batch.length} numbers were given for ${formatShape([count, channels, height, width])}; expected ${count * picture}.`);
  }
  if (share === 1) return batch;
  for (let index = 0; index < count >> 1; index++) {
    const own = batch.subarray(index * picture, (index + 1) * picture);
    const partner = batch.subarray((count - 1 - index) * picture, (count - index) * picture);
    if (!box) {
      blend(own, partner, share);
      continue;
    }
    for (let row = 0; row < channels * box.height; row++) {
      const at = Math.floor(row / box.height) * plane + (box.top + (row % box.height)) * width + box.left;
      const kept = own.slice(at, at + box.width);
      own.set(partner.subarray(at, at + box.width), at);
      partner.set(kept, at);
    }
  }
  return batch;
}

/** Each becomes `share` of itself and the rest of the other, rounded to f32 as PyTorch does. */
function blend(own: Float32Array, partner: Float32Array, share: number): void {
  const keeps = Math.fround(share);
  const takes = Math.fround(1 - share);
  for (let at = 0; at < own.length; at++) {
    const [a, b] = [own[at]!, partner[at]!];
    own[at] = Math.fround(a * keeps) + Math.fround(b * takes);
    partner[at] = Math.fround(b * keeps) + Math.fround(a * takes);
  }
}

/**
 * The target distributions of a mixed batch: `share` of the own label and the rest of the partner's, each smoothed.
 *
 * With smoothing ε over K classes a label counts 1 − ε + ε/K, every other class ε/K.
 *
 * @param labels class numbers, one per picture
 * @param mix what the pictures were mixed by; leave out for plain labels
 * @returns `[count, numClasses]`, each row sums to 1
 */
export function mixTargets(labels: ArrayLike<number>, mix: Mix | undefined, options: { numClasses: number; smoothing?: number }): Float32Array {
  const { numClasses, smoothing = 0 } = options;
  if (!Number.isInteger(numClasses) || numClasses < 1) throw new OptionError(`mixTargets: numClasses is ${formatValue(numClasses)}; expected a whole number from 1 up.`);
  if (!(smoothing >= 0 && smoothing <= 1)) throw new OptionError(`mixTargets: smoothing is ${formatValue(smoothing)}; expected a number from 0 to 1.`);
  const share = mix?.share ?? 1;
  const off = Math.fround(smoothing / numClasses);
  const on = Math.fround(1 - smoothing + smoothing / numClasses);
  const weights = [Math.fround(share), Math.fround(1 - share)] as const;
  const targets = new Float32Array(labels.length * numClasses).fill(Math.fround(off * weights[0]) + Math.fround(off * weights[1]));
  for (let index = 0; index < labels.length; index++) {
    const own = labelAt(labels, index, numClasses);
    const partner = labelAt(labels, labels.length - 1 - index, numClasses);
    for (const label of [own, partner]) {
      targets[index * numClasses + label] = Math.fround((label === own ? on : off) * weights[0]) + Math.fround((label === partner ? on : off) * weights[1]);
    }
  }
  return targets;
}

function labelAt(labels: ArrayLike<number>, index: number, numClasses: number): number {
  const label = labels[index]!;
  if (Number.isInteger(label) && label >= 0 && label < numClasses) return label;
  throw new OptionError(`mixTargets: label ${index} is ${formatValue(label)}; expected an integer from 0 to ${numClasses - 1}.`);
}
