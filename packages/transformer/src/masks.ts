import { concat, constant, full, where, zeros, type Tensor } from "@multiway/tensor";
import type { ByModality, SequenceOrder } from "./experts.ts";

/** What a hidden key adds to a score in the official code. Finite, so that a row in which all is hidden stays finite. */
export const hiddenScore = -1e8;

export interface Lengths {
  vision: number;
  language: number;
}

/**
 * What padding and masks add to attention scores, for the queries of each modality.
 *
 * @param isPadding  bool [batch, language length]: such keys get −Infinity
 * @param isHidden   bool [length, length] over the joined sequence, rows are queries: such pairs get −1e8
 * @param scores     f32, broadcasts to [batch, heads, length, length]: added as it is
 * @param order      of the joined sequence
 * @returns          [batch or 1, heads or 1, queries or 1, length], or nothing where nothing is masked
 */
export function attentionBias(lengths: Lengths, masks: { isPadding?: Tensor | undefined; isHidden?: Tensor | undefined; scores?: Tensor | undefined }, order: SequenceOrder = "visionFirst"): ByModality<Tensor> {
  const isVisionFirst = order === "visionFirst";
  const total = lengths.vision + lengths.language;
  let padding: Tensor | undefined;
  if (masks.isPadding) {
    const [batch] = masks.isPadding.shape as [number];
    const ofText = where(masks.isPadding.cast("bool"), -Infinity, full([1], 0));
    const ofImage = zeros([batch, lengths.vision]);
    padding = (lengths.vision > 0 ? concat(isVisionFirst ? [ofImage, ofText] : [ofText, ofImage], 1) : ofText).reshape([batch, 1, 1, total]);
  }
  let pairs: Tensor | undefined = masks.isHidden ? where(masks.isHidden.cast("bool"), hiddenScore, full([1], 0)).reshape([1, 1, total, total]) : undefined;
  if (masks.scores) {
    const scores = masks.scores.reshape([...Array.from({ length: 4 - masks.scores.rank }, () => 1), ...masks.scores.shape]);
    pairs = pairs ? pairs.add(scores) : scores;
  }
  const rows = (from: number, count: number): Tensor | undefined => {
    const part = pairs && pairs.shape[2] !== 1 ? pairs.narrow(2, from, count) : pairs;
    return part && padding ? part.add(padding) : (part ?? padding);
  };
  const bias: ByModality<Tensor> = {};
  const vision = lengths.vision > 0 ? rows(isVisionFirst ? 0 : lengths.language, lengths.vision) : undefined;
  const language = lengths.language > 0 ? rows(isVisionFirst ? lengths.vision : 0, lengths.language) : undefined;
  if (vision) bias.vision = vision;
  if (language) bias.language = language;
  return bias;
}

/** The captioning mask: image tokens see the image; text tokens see the image and the text up to themselves. Bool [length, length], true is hidden. */
export function captioningMask({ vision, language }: Lengths, order: SequenceOrder = "visionFirst"): Tensor {
  const total = vision + language;
  const firstWord = order === "visionFirst" ? vision : 0;
  const isWord = (place: number) => place >= firstWord && place < firstWord + language;
  const isHidden = new Uint8Array(total * total);
  for (let query = 0; query < total; query++) {
    for (let key = firstWord; key < firstWord + language; key++) if (!isWord(query) || key > query) isHidden[query * total + key] = 1;
  }
  return constant(isHidden, { shape: [total, total], dtype: "bool" });
}
