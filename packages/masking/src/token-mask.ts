import { OptionError } from "@multiway/errors";
import type { Draws } from "./draws.ts";

export interface TokenMaskOptions {
  /** Share to hide. BEiT-3: 0.15 of a text, 0.5 of a caption beside its picture. */
  ratio: number;
  /** Number of tokens of which the share is taken. Default: those that may be hidden. */
  outOf?: number;
  /** Id of `<mask>`. */
  maskId: number;
  /** Random replacements are drawn from [low, high), ids of ordinary pieces. */
  randomIds: readonly [low: number, high: number];
  /** Share of masked tokens that become `<mask>`, and that become a random one; the rest stays. Default 0.8 and 0.1 (BERT). */
  replace?: readonly [mask: number, random: number];
  /** Words, as lists of positions: a word is masked whole. Default: each token by itself. */
  words?: readonly (readonly number[])[];
}

export interface MaskedTokens {
  /** The text with its holes. */
  ids: Int32Array;
  /** Masked positions, ascending. */
  positions: number[];
  /** What stood there. */
  targets: number[];
}

/**
 * Hides tokens of one text: ⌊n · ratio + ½⌋ of the n that may be hidden (or of `outOf`), at least one.
 *
 * @param ids        the text, with its special tokens
 * @param maskable   positions that may be hidden: not `<s>`, `</s>` or padding
 */
export function maskTokens(ids: Int32Array, maskable: readonly number[], options: TokenMaskOptions, draws: Draws): MaskedTokens {
  const { ratio, maskId, randomIds, replace = [0.8, 0.1] } = options;
  if (!(ratio > 0 && ratio <= 1)) throw new OptionError(`maskTokens: ratio is ${ratio}; expected a number above 0, up to 1.`);
  if (!(replace[0] >= 0 && replace[1] >= 0 && replace[0] + replace[1] <= 1)) throw new OptionError(`maskTokens: replace is [${replace.join(", ")}]; expected two shares that add up to at most 1.`);
  const masked = new Int32Array(ids);
  if (maskable.length === 0) return { ids: masked, positions: [], targets: [] };
  const { outOf = maskable.length } = options;
  const wanted = Math.min(maskable.length, Math.max(1, Math.floor(outOf * ratio + 0.5)));
  const units = options.words ?? maskable.map((position) => [position]);
  const positions: number[] = [];
  for (const unit of draws.choice(units.length, units.length)) {
    if (positions.length >= wanted) break;
    positions.push(...units[unit]!);
  }
  positions.sort((a, b) => a - b);
  for (const position of positions) {
    const draw = draws.uniform(0, 1);
    if (draw < replace[0]) masked[position] = maskId;
    else if (draw < replace[0] + replace[1]) masked[position] = draws.integer(randomIds[0], randomIds[1] - 1);
  }
  return { ids: masked, positions, targets: positions.map((position) => ids[position]!) };
}

/**
 * Hides tokens of a caption: of its n tokens, `<s>` and `</s>` counted, ⌊n · ratio + ½⌋, at least one and never `<s>`. `</s>` may be hidden, so that a model
 * learns where a caption ends; and a short caption is often hidden whole, so that it learns to name what only the picture shows.
 *
 * Source: microsoft/unilm: beit3/datasets.py, `CaptioningDataset`.
 *
 * @param ids `<s>`, pieces, `</s>`, without padding
 */
export function maskCaption(ids: Int32Array, options: Omit<TokenMaskOptions, "outOf">, draws: Draws): MaskedTokens {
  const allButFirst = Array.from({ length: Math.max(0, ids.length - 1) }, (_, place) => place + 1);
  return maskTokens(ids, allButFirst, { ...options, outOf: ids.length }, draws);
}
