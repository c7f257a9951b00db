import { CheckpointError, formatShape } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import { resizePositions, rowsBeforePatches, type Grid } from "./resize-positions.ts";

/** A tensor of a checkpoint under its official name, widened to f32. */
export interface OfficialTensor {
  shape: Shape;
  data: Float32Array;
}

/** What became of a checkpoint's tensors. */
export interface FittedTensors {
  /** Those that the model has, in its shapes. */
  tensors: Record<string, OfficialTensor>;
  /** In the model, not in the file; the classifier too, where it was dropped. */
  missing: string[];
  /** In the file, not in the model. */
  unexpected: string[];
  /** Of a shape that the model's differs from, and not to be helped. */
  mismatched: { name: string; given: string; expected: string }[];
  /** Position tables that were resampled. */
  resized: string[];
  /** The classifier of a file with another number of classes. */
  dropped: string[];
}

export interface FitOptions {
  /** Height and width in patches of the pictures of the file, and of the model. Default: squares. */
  grids?: { from?: Grid; to?: Grid };
}

const positionTable = /(^|\.)embed_positions\.A\.weight$/;
const classifier: ReadonlySet<string> = new Set(["head.weight", "head.bias"]);

/**
 * Fits the tensors of an official checkpoint to a model for pictures of another size, or with another number of classes, by the rules of microsoft/unilm: beit3/utils.py
 * (`load_model_and_may_interpolate`): a classifier of another shape is dropped, the table of picture positions is resampled, everything else must fit as it is.
 *
 * @param given     tensors of the file by official name
 * @param expected  shapes of the model by official name
 */
export function fitOfficialTensors(given: Readonly<Record<string, OfficialTensor>>, expected: Readonly<Record<string, Shape>>, { grids = {} }: FitOptions = {}): FittedTensors {
  const fitted: FittedTensors = { tensors: {}, missing: [], unexpected: Object.keys(given).filter((name) => !Object.hasOwn(expected, name)), mismatched: [], resized: [], dropped: [] };
  for (const [name, shape] of Object.entries(expected)) {
    const tensor = Object.hasOwn(given, name) ? given[name]! : undefined;
    if (!tensor) fitted.missing.push(name);
    else if (tensor.shape.join() === shape.join()) fitted.tensors[name] = tensor;
    else if (classifier.has(name)) {
      fitted.dropped.push(name);
      fitted.missing.push(name);
    } else if (positionTable.test(name) && tensor.shape.length === 2 && shape.length === 2 && tensor.shape[1] === shape[1]) {
      const dim = shape[1]!;
      fitted.tensors[name] = { shape, data: resizePositions(tensor.data, dim, grids.from ?? squareOf(name, tensor.shape), grids.to ?? squareOf(name, shape)) };
      fitted.resized.push(name);
    } else fitted.mismatched.push({ name, given: formatShape(tensor.shape), expected: formatShape(shape) });
  }
  return fitted;
}

function squareOf(name: string, [rows = 0]: Shape): Grid {
  const side = Math.round(Math.sqrt(rows - rowsBeforePatches));
  if (side * side !== rows - rowsBeforePatches) {
    throw new CheckpointError(`fitOfficialTensors: "${name}" has ${rows} rows, ${rowsBeforePatches} and those of ${rows - rowsBeforePatches} patches, which are no square. Say the grid's height and width in \`grids\`.`, { details: { name, rows } });
  }
  return [side, side];
}
