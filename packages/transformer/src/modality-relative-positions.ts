import { ShapeError } from "@multiway/errors";
import { Module, zeroInitialiser } from "@multiway/nn";
import { concat, constant, parameter, type Tensor } from "@multiway/tensor";
import { inSequence, type ByModality, type Modality, type SequenceOrder } from "./experts.ts";
import type { Lengths } from "./masks.ts";
import type { Grid } from "./resize-positions.ts";

export interface RelativePositionsOptions {
  /** Height and width of the picture in patches. */
  grid: Grid;
  /** Longest text, its first token included. Default 196, as the published tables have. */
  textLength?: number | undefined;
}

/**
 * Rows of VLMo's table: each offset of two patches; to, from and of the class vector; from text to image and back; each distance of two words; and to, from and of the
 * first word, which stands for the whole text.
 */
function tableOf({ grid: [height, width], textLength = 196 }: RelativePositionsOptions) {
  const offsets = (2 * height - 1) * (2 * width - 1);
  const pictures = offsets + 3;
  const rows = pictures + 2 + 2 * textLength;
  return { offsets, fromText: pictures, fromImage: pictures + 1, distances: pictures + 2, textLength, rows };
}

/**
 * The row for each query and key, i32 row-major [queries, keys]
 * (microsoft/unilm: vlmo/vlmo/modules/multiway_transformer.py; of pictures alone as in BEiT).
 *
 * @param queries, keys  a modality, and its number of tokens
 */
export function modalityRelativeIndex(options: RelativePositionsOptions, queries: readonly [Modality, number], keys: readonly [Modality, number]): Int32Array {
  const { offsets, fromText, fromImage, distances, textLength, rows } = tableOf(options);
  const [height, width] = options.grid;
  const place = (token: number): readonly [number, number] => [Math.floor((token - 1) / width), (token - 1) % width];
  const ofPatches = (query: number, key: number): number => {
    const [[queryRow, queryColumn], [keyRow, keyColumn]] = [place(query), place(key)];
    return (queryRow - keyRow + height - 1) * (2 * width - 1) + (queryColumn - keyColumn + width - 1);
  };
  const rules: Record<`${Modality}-${Modality}`, (query: number, key: number) => number> = {
    "vision-vision": (query, key) => (query === 0 ? (key === 0 ? offsets + 2 : offsets) : key === 0 ? offsets + 1 : ofPatches(query, key)),
    "language-language": (query, key) => (query === 0 ? (key === 0 ? rows - 1 : rows - 3) : key === 0 ? rows - 2 : distances + key - query + textLength - 2),
    "language-vision": () => fromText,
    "vision-language": () => fromImage,
  };
  const rule = rules[`${queries[0]}-${keys[0]}`];
  return Int32Array.from({ length: queries[1] * keys[1] }, (_, index) => rule(Math.floor(index / keys[1]), index % keys[1]));
}

/** A learnt bias of each pair of tokens, by their offset: one table for all layers and heads. */
export class ModalityRelativePositions extends Module {
  /** [rows, numLayers · numHeads]; layer i has columns i · numHeads and following. Zero at the start. */
  weight: Tensor;
  readonly numHeads: number;
  readonly order: SequenceOrder;
  readonly options: RelativePositionsOptions;

  constructor({ numHeads, numLayers, order, ...options }: RelativePositionsOptions & { numHeads: number; numLayers: number; order: SequenceOrder }) {
    super();
    this.weight = parameter([tableOf(options).rows, numLayers * numHeads], zeroInitialiser);
    this.numHeads = numHeads;
    this.order = order;
    this.options = options;
  }

  /** @returns for each layer what is added to attention scores, by modality of the query: [1, heads, queries, keys] */
  forward(lengths: Lengths): (layer: number) => ByModality<Tensor> {
    const { grid: [height, width] } = this.options;
    const { textLength } = tableOf(this.options);
    if (lengths.vision > 0 && lengths.vision !== height * width + 1) {
      throw new ShapeError(`ModalityRelativePositions: ${lengths.vision} image tokens; expected ${height * width + 1}, a class vector and ${height} × ${width} patches. Make the model with the pictures' grid.`, { details: { lengths } });
    }
    if (lengths.language > textLength) throw new ShapeError(`ModalityRelativePositions: ${lengths.language} text tokens; expected at most ${textLength}. Cut the text, or make the model with a greater textLength.`, { details: { lengths } });
    const present: ByModality<readonly [Modality, number]> = {};
    for (const modality of ["vision", "language"] as const) if (lengths[modality] > 0) present[modality] = [modality, lengths[modality]];
    const keys = inSequence(present, this.order);
    const total = keys.reduce((sum, [, count]) => sum + count, 0);
    /** [layers · heads, queries, keys] */
    const scores: ByModality<Tensor> = {};
    for (const queries of keys) {
      const index = concat(keys.map((part) => constant(modalityRelativeIndex(this.options, queries, part), { shape: [queries[1], part[1]] })), 1);
      scores[queries[0]] = this.weight.gather(index).permute([2, 0, 1]).reshape([1, this.weight.shape[1]!, queries[1], total]);
    }
    return (layer) => {
      const bias: ByModality<Tensor> = {};
      for (const [modality, table] of Object.entries(scores) as [Modality, Tensor][]) bias[modality] = table.narrow(1, layer * this.numHeads, this.numHeads);
      return bias;
    };
  }
}
