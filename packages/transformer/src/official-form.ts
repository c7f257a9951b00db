import type { Shape } from "@multiway/tensor";
import { encoderPrefix } from "./official-names.ts";
import { modelSizes, type ModelSize } from "./presets.ts";
import { rowsBeforePatches } from "./resize-positions.ts";

/** What the names and shapes of an official checkpoint tell of its model. All in pixels, rows, or widths. */
export interface OfficialForm {
  numLayers: number;
  embedDim: number;
  ffnDim: number;
  patchSize: number;
  /** Undefined when the grid of patches is no square. */
  imageSize: number | undefined;
  vocabularySize: number;
  textPositions: number;
  /** Whether a norm follows the last layer. */
  finalNorm: boolean;
  /** Which of {@link modelSizes} this is, if any. */
  size: ModelSize | undefined;
}

/**
 * @param shapes by official name, with the `beit3.` prefix
 * @returns undefined when these are no tensors of a released BEiT-3
 */
export function describeOfficial(shapes: ReadonlyMap<string, Shape>): OfficialForm | undefined {
  const shapeOf = (name: string): Shape => shapes.get(encoderPrefix + name) ?? [];
  const [vocabularySize, embedDim] = shapeOf("text_embed.weight");
  const [, , patchSize] = shapeOf("vision_embed.proj.weight");
  const [rows] = shapeOf("encoder.embed_positions.A.weight");
  const [textPositions] = shapeOf("encoder.embed_positions.B.weight");
  const [ffnDim] = shapeOf("encoder.layers.0.ffn.A.fc1.weight");
  if (!vocabularySize || !embedDim || !patchSize || !rows || !textPositions || !ffnDim) return undefined;
  const layers = [...shapes.keys()].map((name) => Number(/^beit3\.encoder\.layers\.(\d+)\./.exec(name)?.[1] ?? -1));
  const numLayers = layers.reduce((most, layer) => Math.max(most, layer), -1) + 1;
  const side = Math.sqrt(rows - rowsBeforePatches);
  const sizes = Object.entries(modelSizes) as [ModelSize, (typeof modelSizes)[ModelSize]][];
  const size = sizes.find(([, known]) => known.numLayers === numLayers && known.embedDim === embedDim && known.ffnDim === ffnDim)?.[0];
  return { numLayers, embedDim, ffnDim, patchSize, imageSize: Number.isInteger(side) ? side * patchSize : undefined, vocabularySize, textPositions, finalNorm: shapes.has(`${encoderPrefix}encoder.layer_norm.A.weight`), size };
}

/** `24 layers, 1024 wide (feed-forward 4096), patches of 16 pixels, pictures of 224, 64010 words, 1024 rows of text positions` */
export function formatForm({ numLayers, embedDim, ffnDim, patchSize, imageSize, vocabularySize, textPositions }: OfficialForm): string {
  return `${numLayers} layers, ${embedDim} wide (feed-forward ${ffnDim}), patches of ${patchSize} pixels, pictures of ${imageSize ?? "another form than square"}, ${vocabularySize} words, ${textPositions} rows of text positions`;
}

/** The preset that makes a model of this form, as one writes it: `beit3Large({ imageSize: 384 })`. */
export function presetOf({ size, imageSize, finalNorm }: OfficialForm): string | undefined {
  if (!size) return undefined;
  const call = `beit3${size[0]!.toUpperCase()}${size.slice(1)}({ imageSize: ${imageSize ?? 224} })`;
  return finalNorm ? call : `{ ...${call}, finalNorm: false }`;
}
