import { formatShape, formatValue, ShapeError } from "@multiway/errors";
import type { Shape } from "../shape.ts";

/**
 * What to keep of one axis: a position (the axis goes), `[start, end, step]` with Python's rules (each may be left out or null, negative
 * ones count from the end, the end is not included), or null for all of it.
 */
export type SliceSpec = number | null | readonly [start?: number | null, end?: number | null, step?: number | null];

export interface ResolvedSlice {
  starts: number[];
  steps: number[];
  shape: number[];
  /** Axes that were given as a position. */
  dropped: number[];
}

/** Resolves one spec per axis (missing ones keep all), clamping ends as Python does. */
export function resolveSlice(specs: readonly SliceSpec[], shape: Shape): ResolvedSlice {
  if (specs.length > shape.length) {
    throw new ShapeError(`slice: ${specs.length} axes are named, but x has shape ${formatShape(shape)}; expected at most ${shape.length}.`, { details: { specs, shape } });
  }
  const resolved: ResolvedSlice = { starts: [], steps: [], shape: [], dropped: [] };
  shape.forEach((extent, axis) => {
    const spec = specs[axis] ?? null;
    if (typeof spec === "number") {
      if (!Number.isInteger(spec) || spec < -extent || spec >= extent) {
        throw new ShapeError(`slice: position ${spec} is outside axis ${axis} of ${formatShape(shape)}; expected ${-extent} to ${extent - 1}.`, { details: { axis, spec, shape } });
      }
      resolved.starts.push(spec < 0 ? spec + extent : spec);
      resolved.steps.push(1);
      resolved.shape.push(1);
      resolved.dropped.push(axis);
      return;
    }
    const step = spec?.[2] ?? 1;
    if (!Number.isInteger(step) || step === 0) {
      throw new ShapeError(`slice: step ${step} on axis ${axis}; expected a whole number other than 0.`, { details: { axis, step } });
    }
    for (const bound of [spec?.[0], spec?.[1]]) {
      if (typeof bound === "number" && !Number.isInteger(bound) && Math.abs(bound) !== Infinity) {
        throw new ShapeError(`slice: ${formatValue(bound)} on axis ${axis}; expected whole numbers.`, { details: { axis, spec } });
      }
    }
    const [lowest, highest] = step > 0 ? [0, extent] : [-1, extent - 1];
    const bound = (value: number | null | undefined, missing: number) =>
      value === null || value === undefined ? missing : Math.min(Math.max(value < 0 ? value + extent : value, lowest), highest);
    const start = bound(spec?.[0], step > 0 ? 0 : extent - 1);
    const end = bound(spec?.[1], step > 0 ? extent : -1);
    const count = Math.max(0, Math.ceil((end - start) / step));
    resolved.starts.push(count === 0 ? 0 : start);
    resolved.steps.push(step);
    resolved.shape.push(count);
  });
  return resolved;
}
