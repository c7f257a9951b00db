import { at, build, f32, i32, positive, samples } from "@multiway/testing/op-samples";

export const tile = samples<{ repeats: number[] }>("tile", {
  run: ([x], { repeats }) => x!.tile(repeats),
  expected: ([x], { repeats }) => {
    const shape = [...Array<number>(repeats.length - x!.shape.length).fill(1), ...x!.shape];
    return build(shape.map((extent, axis) => extent * repeats[axis]!), (index) => at({ ...x!, shape }, index.map((i, axis) => i % shape[axis]!)), x!.dtype);
  },
  samples: [
    { inputs: [f32([2, 3])], options: { repeats: [2, 3] } },
    { inputs: [f32([3])], options: { repeats: [2, 1] } },
    { inputs: [i32([2, 1])], options: { repeats: [1, 4] } },
    { inputs: [f32([])], options: { repeats: [3] } },
    { inputs: [f32([2])], options: { repeats: [0] } },
  ],
  gradient: 2,
  failures: [{ inputs: [f32([2, 3])], run: ([x]) => x!.tile([2]), message: "tile: repeats [2] for x of shape [2, 3]; expected a whole number for each of its 2 axes, 0 or more." }],
});

const matrices = [{ inputs: [f32([3, 3])], options: {} }, { inputs: [f32([2, 3, 5])], options: { diagonal: 1 } }, { inputs: [i32([4, 2])], options: { diagonal: -2 } }, { inputs: [f32([0, 3])], options: {} }];
export const tril = samples<{ diagonal?: number }>("tril", {
  run: ([x], { diagonal }) => x!.tril(diagonal),
  expected: ([x], { diagonal = 0 }) => build(x!.shape, (index) => (index.at(-1)! - index.at(-2)! <= diagonal ? at(x!, index) : 0), x!.dtype),
  samples: matrices,
  gradient: 2,
  failures: [{ inputs: [f32([3])], run: ([x]) => x!.tril(), message: "tril: x has shape [3]; expected at least two axes." }],
});
export const triu = samples<{ diagonal?: number }>("triu", {
  run: ([x], { diagonal }) => x!.triu(diagonal),
  expected: ([x], { diagonal = 0 }) => build(x!.shape, (index) => (index.at(-1)! - index.at(-2)! >= diagonal ? at(x!, index) : 0), x!.dtype),
  samples: matrices,
  gradient: 2,
});

export const gatherAlong = samples<{ axis: number }>("gatherAlong", {
  run: ([x, indices], { axis }) => x!.gatherAlong(indices!, axis),
  expected: ([x, indices], { axis }) => {
    const along = positive(axis, x!.shape.length);
    return build(
      indices!.shape,
      (index) => {
        const place = at(indices!, index);
        return place >= 0 && place < x!.shape[along]! ? at({ ...x! }, index.with(along, place)) : 0;
      },
      x!.dtype,
    );
  },
  samples: [
    { inputs: [f32([3, 5]), i32([3, 2], [0, 4])], options: { axis: 1 } },
    { inputs: [f32([3, 5]), i32([7, 5], [-1, 3])], options: { axis: 0 } },
    { inputs: [f32([2, 4, 3]), i32([2, 2, 3], [0, 3])], options: { axis: -2 } },
    { inputs: [i32([6]), i32([4], [0, 5])], options: { axis: 0 } },
    { inputs: [f32([2, 3]), i32([2, 0])], options: { axis: 1 } },
  ],
  gradient: 2,
  failures: [
    { inputs: [f32([3, 5]), i32([2, 5])], run: ([x, indices]) => x!.gatherAlong(indices!, 1), message: "gatherAlong: indices of [2, 5] for x of [3, 5]; expected equal extents on every axis but 1." },
    { inputs: [f32([3, 5]), f32([3, 1])], run: ([x, indices]) => x!.gatherAlong(indices!, 1), message: "gatherAlong: indices are f32; expected i32. Convert with cast." },
  ],
});
