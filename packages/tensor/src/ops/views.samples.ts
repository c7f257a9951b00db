import { at, bool, broadcast, build, f16, f32, i32, positive, reshaped, samples, u32, type Input, type Plain } from "@multiway/testing/op-samples";
import type { SliceSpec } from "../composites/slice.ts";
import { concat, stack } from "../create.ts";

const axes = (x: Plain) => x.shape.map((_, axis) => axis);
/** Bools and integers stay; what reads half floats in a kernel gives f32. */
const computed = (x: Plain): Plain => (x.dtype === "f16" ? { ...x, dtype: "f32" } : x);

export const reshape = samples<{ shape: number[]; to?: number[] }>("reshape", {
  run: ([x], { shape }) => x!.reshape(shape),
  expected: ([x], { shape, to = shape }) => reshaped(x!, to),
  samples: [
    { inputs: [f32([2, 6])], options: { shape: [3, 4] } },
    { inputs: [f32([2, 6])], options: { shape: [-1, 2], to: [6, 2] } },
    { inputs: [f32([2, 3, 5])], options: { shape: [30] } },
    { inputs: [i32([2, 6])], options: { shape: [1, 12, 1] } },
    { inputs: [bool([4])], options: { shape: [2, 2] } },
    { inputs: [f32([1])], options: { shape: [] } },
    { inputs: [f32([])], options: { shape: [1, 1] } },
    { inputs: [f32([0, 3])], options: { shape: [6, 0] } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => x!.reshape([4]), message: "reshape: [2, 3] has 6 elements, which do not fill [4]; expected equal counts." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.reshape([-1, 4]), message: "reshape: [2, 3] has 6 elements, which do not fill [-1, 4]; expected equal counts." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.reshape([-1, -1]), message: "reshape: [-1, -1] is no shape; expected whole numbers, of which one may be -1." },
  ],
});

export const halfViews = samples("views of half floats", {
  run: ([x]) => [x!.reshape([3, 4]), x!.permute([1, 0]), x!.slice([1, [null, null, 2]]), x!.expand([2, 2, 6])],
  expected: ([x]) => [
    reshaped(x!, [3, 4]),
    build([6, 2], ([i, j]) => at(x!, [j!, i!]), "f16"),
    build([3], ([i]) => at(x!, [1, 2 * i!]), "f16"),
    build([2, 2, 6], (index) => at(x!, index), "f16"),
  ],
  samples: [[f16([2, 6])]],
});

export const flatten = samples<{ from?: number; to?: number; shape: number[] }>("flatten", {
  run: ([x], { from, to }) => x!.flatten(from, to),
  expected: ([x], { shape }) => reshaped(x!, shape),
  samples: [
    { inputs: [f32([2, 3, 4])], options: { shape: [24] } },
    { inputs: [f32([2, 3, 4])], options: { from: 1, shape: [2, 12] } },
    { inputs: [f32([2, 3, 4])], options: { from: 0, to: -2, shape: [6, 4] } },
    { inputs: [f32([])], options: { shape: [1] } },
  ],
  gradient: 2,
});

export const permute = samples<{ order: number[] }>("permute", {
  run: ([x], { order }) => x!.permute(order),
  expected: ([x], { order }) =>
    build(
      order.map((axis) => x!.shape[positive(axis, order.length)]!),
      (index) => at(x!, axes(x!).map((axis) => index[order.findIndex((other) => positive(other, order.length) === axis)]!)),
      x!.dtype,
    ),
  samples: [
    { inputs: [f32([2, 3, 5])], options: { order: [2, 0, 1] } },
    { inputs: [f32([2, 3, 1, 4])], options: { order: [0, 2, 1, -1] } },
    { inputs: [i32([3, 4])], options: { order: [1, 0] } },
    { inputs: [bool([2, 3])], options: { order: [-1, 0] } },
    { inputs: [f32([0, 3])], options: { order: [1, 0] } },
    { inputs: [f32([])], options: { order: [] } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => x!.permute([0, 0]), message: "permute: order [0, 0] for x of shape [2, 3]; expected each of its 2 axes once." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.permute([0, 2]), message: "permute: axis 2 is outside x of shape [2, 3]; expected -2 to 1." },
  ],
});

export const transpose = samples<{ axes: [number?, number?] }>("transpose", {
  run: ([x], { axes: given }) => x!.transpose(...given),
  expected: ([x], { axes: [first = -2, second = -1] }) => {
    const swap = <T>(list: readonly T[]): T[] => list.with(positive(first, list.length), list.at(second)!).with(positive(second, list.length), list.at(first)!);
    return build(swap(x!.shape), (index) => at(x!, swap(index)), x!.dtype);
  },
  samples: [
    { inputs: [f32([2, 3])], options: { axes: [] } },
    { inputs: [f32([2, 3, 5])], options: { axes: [0, 2] } },
    { inputs: [i32([2, 3, 5])], options: { axes: [-3, 1] } },
    { inputs: [f32([4, 0])], options: { axes: [] } },
  ],
  gradient: 2,
  failures: [{ inputs: [f32([3])], run: ([x]) => x!.transpose(), message: "transpose: axis -2 is outside x of shape [3]; expected -1 to 0." }],
});

export const expand = samples<{ shape: number[] }>("expand", {
  run: ([x], { shape }) => x!.expand(shape),
  expected: ([x], { shape }) => build(broadcast(shape.map((extent) => (extent === -1 ? 1 : extent)), x!.shape), (index) => at(x!, index), x!.dtype),
  samples: [
    { inputs: [f32([1, 3])], options: { shape: [4, 3] } },
    { inputs: [f32([3, 1])], options: { shape: [2, -1, 5] } },
    { inputs: [i32([])], options: { shape: [2, 2] } },
    { inputs: [f32([1])], options: { shape: [0] } },
    { inputs: [bool([2, 1, 3])], options: { shape: [2, 7, 3] } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => x!.expand([4, 3]), message: "expand: [2, 3] cannot be repeated to [4, 3]; expected equal extents, or 1, counted from the end." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.expand([3]), message: "expand: [2, 3] cannot be repeated to [3]; expected equal extents, or 1, counted from the end." },
  ],
});

export const squeezes = samples("squeeze and unsqueeze", {
  run: ([x]) => [x!.squeeze(), x!.squeeze(1), x!.squeeze([-1, 1]), x!.unsqueeze(0), x!.unsqueeze(-1), x!.unsqueeze(2)],
  expected: ([x]) => [[2, 3], [2, 3, 1], [2, 3], [1, 2, 1, 3, 1], [2, 1, 3, 1, 1], [2, 1, 1, 3, 1]].map((shape) => reshaped(x!, shape)),
  samples: [[f32([2, 1, 3, 1])]],
  gradient: 2,
  failures: [
    { inputs: [f32([2, 1])], run: ([x]) => x!.squeeze(0), message: "squeeze: axis 0 of [2, 1] has extent 2; expected 1." },
    { inputs: [f32([2, 1])], run: ([x]) => x!.squeeze([1, -1]), message: "squeeze: axes [1, -1] name one axis of [2, 1] twice; expected each at most once." },
    { inputs: [f32([2, 1])], run: ([x]) => x!.unsqueeze(4), message: "unsqueeze: axis 4 for x of shape [2, 1]; expected -3 to 2." },
  ],
});

/** Positions that Python's slice(start, end, step).indices gives. */
function positions([start, end, step]: readonly (number | null | undefined)[], extent: number): number[] {
  const by = step ?? 1;
  const inside = (bound: number | null | undefined, missing: number) => (bound == null ? missing : by > 0 ? Math.min(Math.max(bound < 0 ? bound + extent : bound, 0), extent) : Math.min(Math.max(bound < 0 ? bound + extent : bound, -1), extent - 1));
  const list: number[] = [];
  const to = inside(end, by > 0 ? extent : -1);
  for (let i = inside(start, by > 0 ? 0 : extent - 1); by > 0 ? i < to : i > to; i += by) list.push(i);
  return list;
}

export const slice = samples<{ specs: SliceSpec[] }>("slice", {
  run: ([x], { specs }) => x!.slice(specs),
  expected: ([x], { specs }) => {
    const picked = x!.shape.map((extent, axis) => {
      const spec = specs[axis] ?? null;
      return typeof spec === "number" ? [positive(spec, extent)] : positions(spec ?? [], extent);
    });
    const kept = axes(x!).filter((axis) => typeof specs[axis] !== "number");
    return build(kept.map((axis) => picked[axis]!.length), (index) => at(x!, axes(x!).map((axis) => picked[axis]![kept.includes(axis) ? index[kept.indexOf(axis)]! : 0]!)), x!.dtype);
  },
  samples: [
    ...([[[1, 3]], [null, [1, -1]], [[null, null, -1], [null, null, 2]], [-1], [[4, 0, -2], 2], [[2, 2]], [null, [100, -100, -3]], [[-3, null], [-100, 3]]] as SliceSpec[][]).map((specs) => ({ inputs: [f32([5, 7])], options: { specs } })),
    { inputs: [i32([2, 3, 4])], options: { specs: [1, null, [null, null, 3]] } },
    { inputs: [bool([4])], options: { specs: [[null, null, -1]] } },
    { inputs: [f32([0, 3])], options: { specs: [[null, null, -1], 1] } },
    { inputs: [f32([])], options: { specs: [] } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => x!.slice([2]), message: "slice: position 2 is outside axis 0 of [2, 3]; expected -2 to 1." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.slice([null, [0, 2, 0]]), message: "slice: step 0 on axis 1; expected a whole number other than 0." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.slice([null, [0.5, 2]]), message: "slice: 0.5 on axis 1; expected whole numbers." },
    { inputs: [f32([2])], run: ([x]) => x!.slice([0, 0]), message: "slice: 2 axes are named, but x has shape [2]; expected at most 1." },
  ],
});

export const narrowed = samples("narrow, split, at and flip", {
  run: ([x]) => [x!.narrow(1, 2, 3), ...x!.split(2, 1), ...x!.split([1, 0, 2]), x!.at(-1), x!.flip(1), x!.flip([0, -1])],
  expected: ([x]) => [
    build([3, 3], ([i, j]) => at(x!, [i!, j! + 2])),
    ...[[0, 2], [2, 2], [4, 1]].map(([start, size]) => build([3, size!], ([i, j]) => at(x!, [i!, j! + start!]))),
    ...[[0, 1], [1, 0], [1, 2]].map(([start, size]) => build([size!, 5], ([i, j]) => at(x!, [i! + start!, j!]))),
    build([5], ([j]) => at(x!, [2, j!])),
    build([3, 5], ([i, j]) => at(x!, [i!, 4 - j!])),
    build([3, 5], ([i, j]) => at(x!, [2 - i!, 4 - j!])),
  ],
  samples: [[f32([3, 5])]],
  gradient: 2,
  failures: [
    { inputs: [f32([3, 5])], run: ([x]) => x!.narrow(1, 3, 3), message: "narrow: elements 3 to 6 of axis 1 of [3, 5]; expected 0 to 5." },
    { inputs: [f32([3, 5])], run: ([x]) => x!.split([2, 2]), message: "split: sizes [2, 2] do not add up to 3, the extent of axis 0 of [3, 5]." },
    { inputs: [f32([3, 5])], run: ([x]) => x!.split(0), message: "split: size is 0; expected a whole number, 1 or more." },
  ],
});

export const flipOfNothing = samples("flip of nothing", { run: ([x]) => x!.flip(0), expected: ([x]) => x!, samples: [[f32([0, 3])], [f32([1])]], gradient: 2 });

export const pad = samples<{ amounts: [number, number][] }>("pad", {
  run: ([x], { amounts }) => x!.pad(amounts),
  expected: ([x], { amounts }) =>
    build(
      x!.shape.map((extent, axis) => extent + amounts[axis]![0] + amounts[axis]![1]),
      (index) => {
        const inner = index.map((i, axis) => i - amounts[axis]![0]);
        return inner.every((i, axis) => i >= 0 && i < x!.shape[axis]!) ? at(x!, inner) : 0;
      },
      computed(x!).dtype,
    ),
  samples: [
    { inputs: [f32([2, 3])], options: { amounts: [[1, 0], [2, 3]] } },
    { inputs: [f32([1])], options: { amounts: [[3, 2]] } },
    { inputs: [f32([0, 2])], options: { amounts: [[1, 1], [0, 1]] } },
    { inputs: [i32([2, 3])], options: { amounts: [[0, 0], [1, 1]] } },
    { inputs: [bool([2])], options: { amounts: [[1, 1]] } },
    { inputs: [f16([2, 2])], options: { amounts: [[1, 0], [0, 1]] } },
    { inputs: [u32([2])], options: { amounts: [[0, 1]] } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([2])], run: ([x]) => x!.pad([[1, -1]]), message: "pad: [[1,-1]] for x of shape [2]; expected [before, after] for each of 1 axes, 0 or more." },
    { inputs: [f32([2])], run: ([x]) => x!.pad([]), message: "pad: [] for x of shape [2]; expected [before, after] for each of 1 axes, 0 or more." },
  ],
});

/** Where an element of several joined inputs comes from. */
function joinedAt(inputs: readonly Plain[], axis: number, index: number[]): number {
  let rest = index[axis]!;
  for (const input of inputs) {
    if (rest < input.shape[axis]!) return at(input, index.with(axis, rest));
    rest -= input.shape[axis]!;
  }
  throw new Error("the index is outside");
}

const joined = (inputs: readonly Plain[], axis: number): Plain => {
  const along = positive(axis, inputs[0]!.shape.length);
  const shape = inputs[0]!.shape.with(along, inputs.reduce((sum, input) => sum + input.shape[along]!, 0));
  const dtype = inputs.some((x) => x.dtype === "f32" || x.dtype === "f16") ? "f32" : inputs.some((x) => x.dtype === "i32") ? "i32" : inputs[0]!.dtype;
  return build(shape, (index) => joinedAt(inputs, along, index), dtype);
};

export const concats = samples<{ axis: number }>("concat", {
  run: (inputs, { axis }) => concat(inputs, axis),
  expected: (inputs, { axis }) => joined(inputs, axis),
  samples: [
    { inputs: [f32([2, 3]), f32([1, 3])], options: { axis: 0 } },
    { inputs: [f32([2, 3]), f32([2, 1]), f32([2, 0]), f32([2, 2])], options: { axis: -1 } },
    { inputs: [i32([3]), f32([2]), bool([1])], options: { axis: 0 } },
    { inputs: [bool([2, 1]), bool([2, 2])], options: { axis: 1 } },
    { inputs: [f16([2]), f16([3])], options: { axis: 0 } },
    { inputs: [f32([0, 2]), f32([0, 2])], options: { axis: 0 } },
    // More than a kernel may touch on some devices.
    { inputs: Array.from({ length: 23 }, (_, i): Input => f32([2, (i % 3) + 1])), options: { axis: 1 } },
  ],
  gradient: 2,
  failures: [
    { run: () => concat([]), message: "concat: no tensors were given; expected at least one." },
    { inputs: [f32([2, 3]), f32([2, 4])], run: (inputs) => concat(inputs), message: "concat: input 1 has shape [2, 4], input 0 has [2, 3]; expected equal extents on every axis but 0." },
    { inputs: [f32([2]), f32([2])], run: (inputs) => concat(inputs, 1), message: "concat: axis 1 is outside x of shape [2]; expected -1 to 0." },
  ],
});

export const concatOfOne = samples("concat of a tensor with itself, reversed and cut", {
  run: ([x]) => concat([x!, x!.flip(0), x!.slice([[1, 3]]).mul(2)]).reshape([2, -1]),
  expected: ([x]) => reshaped({ ...joined([x!, build(x!.shape, ([i, j]) => at(x!, [4 - i!, j!])), build([2, 3], ([i, j]) => 2 * at(x!, [i! + 1, j!]))], 0) }, [2, 18]),
  samples: [[f32([5, 3])]],
  gradient: 2,
});

export const stacks = samples<{ axis: number }>("stack", {
  run: (inputs, { axis }) => stack(inputs, axis),
  expected: (inputs, { axis }) => {
    const along = positive(axis, inputs[0]!.shape.length + 1);
    return build(inputs[0]!.shape.toSpliced(along, 0, inputs.length), (index) => at(inputs[index[along]!]!, index.toSpliced(along, 1)), inputs[0]!.dtype);
  },
  samples: [0, 1, -1].map((axis) => ({ inputs: [f32([2, 3]), f32([2, 3])], options: { axis } })).concat([{ inputs: [i32([]), i32([])], options: { axis: 0 } }]),
  gradient: 2,
});
