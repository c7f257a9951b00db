import { CheckpointError, formatShape } from "@multiway/errors";
import type { Shape } from "@multiway/tensor";
import { resizePositions, rowsBeforePatches, type Grid } from "./resize-positions.ts";

/** A tensor of a checkpoint under its official name, widened to f32. */
export interface OfficialTensor {
  shape: Shape;
  data: Float32Array;
}

/** What becomes of a checkpoint's tensors in a model, by official name. */
export interface OfficialFit {
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

export interface FittedTensors extends OfficialFit {
  /** Those that the model has, in its shapes. */
  tensors: Record<string, OfficialTensor>;
}

export interface FitOptions {
  /** Height and width in patches of the pictures of the file, and of the model. Default: squares. */
  grids?: { from?: Grid | undefined; to?: Grid | undefined };
}

/** An {@link OfficialFit} before any element is read. */
export interface OfficialPlan extends OfficialFit {
  /** Those to be taken: as they are, or resampled from one grid of patches to another. */
  taken: Map<string, { from: Grid; to: Grid } | undefined>;
}

const positionTable = /(^|\.)embed_positions\.A\.weight$/;
const classifier: ReadonlySet<string> = new Set(["head.weight", "head.bias"]);

/** What {@link fitOfficialTensors} does, decided by shapes alone. */
export function planOfficialTensors(given: ReadonlyMap<string, Shape>, expected: ReadonlyMap<string, Shape>, { grids = {} }: FitOptions = {}): OfficialPlan {
  const plan: OfficialPlan = { taken: new Map(), missing: [], unexpected: [...given.keys()].filter((name) => !expected.has(name)), mismatched: [], resized: [], dropped: [] };
  for (const [name, shape] of expected) {
    const found = given.get(name);
    if (!found) plan.missing.push(name);
    else if (found.join() === shape.join() && !(positionTable.test(name) && (grids.from ?? grids.to))) plan.taken.set(name, undefined);
    else if (classifier.has(name)) {
      plan.dropped.push(name);
      plan.missing.push(name);
    } else if (positionTable.test(name) && found.length === 2 && shape.length === 2 && found[1] === shape[1]) {
      const [from, to] = [grids.from ?? squareOf(name, found), grids.to ?? squareOf(name, shape)];
      const isSame = from.join() === to.join() && found[0] === shape[0];
      plan.taken.set(name, isSame ? undefined : { from, to });
      if (!isSame) plan.resized.push(name);
    } else plan.mismatched.push({ name, given: formatShape(found), expected: formatShape(shape) });
  }
  return plan;
}

/**
 * Fits the tensors of an official checkpoint to a model for pictures of another size, or with another number of classes, by the rules of microsoft/unilm: beit3/utils.py
 * (`load_model_and_may_interpolate`): a classifier of another shape is dropped, the table of picture positions is resampled, everything else must fit as it is.
 *
 * @param given     tensors of the file by official name
 * @param expected  shapes of the model by official name
 */
export function fitOfficialTensors(given: Readonly<Record<string, OfficialTensor>>, expected: Readonly<Record<string, Shape>>, options: FitOptions = {}): FittedTensors {
  const shapes = new Map(Object.entries(given).map(([name, { shape }]) => [name, shape]));
  const { taken, ...lists } = planOfficialTensors(shapes, new Map(Object.entries(expected)), options);
  const tensors: Record<string, OfficialTensor> = {};
  for (const [name, resampling] of taken) {
    const shape = expected[name]!;
    tensors[name] = resampling ? { shape, data: resizePositions(given[name]!.data, shape[1]!, resampling.from, resampling.to) } : given[name]!;
  }
  return { tensors, ...lists };
}

function squareOf(name: string, [rows = 0]: Shape): Grid {
  const side = Math.round(Math.sqrt(rows - rowsBeforePatches));
  if (!(rows > rowsBeforePatches) || side * side !== rows - rowsBeforePatches) {
    throw new CheckpointError(`fitOfficialTensors: "${name}" has ${rows} rows, ${rowsBeforePatches} and those of ${rows - rowsBeforePatches} patches, which are no square. Say the grid's height and width in \`grids\`.`, { details: { name, rows } });
  }
  return [side, side];
}
