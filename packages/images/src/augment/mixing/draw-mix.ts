import { formatValue, OptionError } from "@multiway/errors";
import type { Key } from "@multiway/random";
import type { Rect } from "../../image.ts";
import { drawBeta } from "./beta.ts";

/** How a batch is mixed with itself, read backwards: plain data, for pictures and labels alike. */
export interface Mix {
  /** The share of a picture's own label, 0 … 1; the rest is its partner's. 1 leaves the batch alone. */
  readonly share: number;
  /** CutMix: what is taken from the partner. Without it pictures are blended. */
  readonly box?: Rect;
}

export interface MixOptions {
  /** Parameter of the beta distribution that mixup draws its share from; 0 switches it off; default 0.8. */
  mixupAlpha?: number;
  /** The same for CutMix; default 1. */
  cutmixAlpha?: number;
  /** Probability that a batch is mixed at all; default 1. */
  probability?: number;
  /** Probability of CutMix where both are on; default 0.5. */
  cutmixProbability?: number;
}

/**
 * Draws one mix for a whole batch: mixup or CutMix.
 *
 * The box of CutMix covers 1 − share of the picture before it is cut at the edge; the share is corrected to what is left of it.
 *
 * Source: Zhang et al. 2018, "mixup"; Yun et al. 2019, "CutMix"; timm 0.4.12, `mixup.py` (facts).
 */
export function drawMix(size: { width: number; height: number }, key: Key, options: MixOptions = {}): Mix {
  const { mixupAlpha = 0.8, cutmixAlpha = 1, probability = 1, cutmixProbability = 0.5 } = options;
  for (const [name, value] of Object.entries({ mixupAlpha, cutmixAlpha })) {
    if (!(value >= 0 && value < Infinity)) throw new OptionError(`drawMix: ${name} is ${formatValue(value)}; expected a number from 0 up.`);
  }
  const [forChance, forKind, forShare, forBox] = key.split(4) as [Key, Key, Key, Key];
  if ((mixupAlpha === 0 && cutmixAlpha === 0) || forChance.number() >= probability) return { share: 1 };
  const isCut = cutmixAlpha > 0 && (mixupAlpha === 0 || forKind.number() < cutmixProbability);
  const share = drawBeta(isCut ? cutmixAlpha : mixupAlpha, forShare);
  return isCut ? drawCut(size, share, forBox) : { share };
}

function drawCut({ width, height }: { width: number; height: number }, share: number, key: Key): Mix {
  const side = Math.sqrt(1 - share);
  const [forX, forY] = key.split(2) as [Key, Key];
  const [left, right] = around(forX.integer(0, width), Math.trunc(width * side), width);
  const [top, bottom] = around(forY.integer(0, height), Math.trunc(height * side), height);
  const box = { left, top, width: right - left, height: bottom - top };
  return { share: 1 - (box.width * box.height) / (width * height), box };
}

function around(center: number, length: number, limit: number): [number, number] {
  const half = Math.floor(length / 2);
  return [Math.max(0, center - half), Math.min(limit, center + half)];
}
