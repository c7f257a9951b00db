import { contiguousStrides, sizeOf, type Shape } from "./shape.ts";

/** How a tensor's indices reach elements of a buffer: `offset + Σ strides[a] · index[a]`, in elements. */
export interface View {
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** One step from a tensor to a view of it. Plain data. */
export type ViewStep =
  | { kind: "reshape"; shape: Shape }
  | { kind: "permute"; order: readonly number[] }
  /** Axes are prepended and axes of extent 1 are repeated. */
  | { kind: "expand"; shape: Shape }
  /** Keeps `shape[a]` elements from `starts[a]`, `steps[a]` apart; a step may be negative. Used with starts outside the tensor behind a guard. */
  | { kind: "slice"; starts: readonly number[]; steps: readonly number[]; shape: Shape };

export const contiguousView = (shape: Shape): View => ({ shape, strides: contiguousStrides(shape), offset: 0 });

/** True when the view walks its buffer from element 0 on without gaps. */
export function isContiguous(view: View): boolean {
  if (view.offset !== 0) return false;
  let stride = 1;
  for (let axis = view.shape.length - 1; axis >= 0; axis--) {
    const extent = view.shape[axis]!;
    if (extent !== 1 && view.strides[axis] !== stride) return extent === 0;
    stride *= extent;
  }
  return true;
}

/** The view after one more step, or undefined where strides cannot express it (a reshape that joins axes which do not lie behind each other). */
export function applyViewStep(view: View, step: ViewStep): View | undefined {
  switch (step.kind) {
    case "permute":
      return { shape: step.order.map((axis) => view.shape[axis]!), strides: step.order.map((axis) => view.strides[axis]!), offset: view.offset };
    case "expand": {
      const added = step.shape.length - view.shape.length;
      const strides = step.shape.map((extent, axis) => (axis < added || (view.shape[axis - added] === 1 && extent !== 1) ? 0 : view.strides[axis - added]!));
      return { shape: step.shape, strides, offset: view.offset };
    }
    case "slice": {
      let offset = view.offset;
      const strides = view.strides.map((stride, axis) => {
        offset += step.starts[axis]! * stride;
        return stride * step.steps[axis]!;
      });
      return { shape: step.shape, strides, offset };
    }
    case "reshape":
      return reshapeView(view, step.shape);
  }
}

/** Walks both shapes from the end, matching runs of axes with equal products; a run of several old axes must lie without gaps. */
function reshapeView(view: View, shape: Shape): View | undefined {
  if (sizeOf(shape) === 0) return { shape, strides: contiguousStrides(shape), offset: view.offset };
  const old: { extent: number; stride: number }[] = [];
  for (let axis = 0; axis < view.shape.length; axis++) {
    const extent = view.shape[axis]!;
    const stride = view.strides[axis]!;
    if (extent === 1) continue;
    const previous = old[old.length - 1];
    if (previous && previous.stride === stride * extent) {
      previous.extent *= extent;
      previous.stride = stride;
    } else old.push({ extent, stride });
  }
  const strides = new Array<number>(shape.length).fill(0);
  let run = old.length - 1;
  let remaining = run >= 0 ? old[run]!.extent : 1;
  let stride = run >= 0 ? old[run]!.stride : 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis]!;
    if (extent === 1) continue;
    if (remaining === 1) {
      run--;
      remaining = old[run]!.extent;
      stride = old[run]!.stride;
    }
    if (remaining % extent !== 0) return undefined;
    strides[axis] = stride;
    stride *= extent;
    remaining /= extent;
  }
  return { shape, strides, offset: view.offset };
}

/** All steps in order, or the position of the first that strides cannot express. */
export function applyViewSteps(view: View, steps: readonly ViewStep[]): View | { failedAt: number } {
  let current = view;
  for (let position = 0; position < steps.length; position++) {
    const next = applyViewStep(current, steps[position]!);
    if (!next) return { failedAt: position };
    current = next;
  }
  return current;
}
