import { alongLines, build, f16, f32, given, i32, at, positive, samples, u32, type Input, type Plain } from "@multiway/testing/op-samples";

/** Positions in sorted order; equal elements keep theirs, NaN counts as the largest. */
const order = (line: readonly number[], descending: boolean): number[] => {
  const compare = (a: number, b: number) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : Number.isNaN(b) ? -1 : a < b ? -1 : a > b ? 1 : 0);
  return line.map((_, i) => i).sort((i, j) => (descending ? compare(line[j]!, line[i]!) : compare(line[i]!, line[j]!)) || i - j);
};
const sorted = (x: Plain, axis: number, descending: boolean): Plain[] => [
  alongLines(x, axis, (line) => order(line, descending).map((i) => line[i]!)),
  alongLines(x, axis, (line) => order(line, descending), "i32"),
];

const shapes: { inputs: readonly Input[]; options: { axis: number; descending: boolean } }[] = [
  { inputs: [f32([3, 7], "distinct")], options: { axis: -1, descending: false } },
  { inputs: [f32([3, 7], "distinct")], options: { axis: 0, descending: true } },
  { inputs: [f32([2, 5, 3], "distinct")], options: { axis: 1, descending: false } },
  { inputs: [i32([2, 33], [0, 4])], options: { axis: 1, descending: true } },
  { inputs: [i32([33], [-4, 4])], options: { axis: 0, descending: false } },
  { inputs: [u32([17], [0, 3])], options: { axis: 0, descending: false } },
  { inputs: [given(3, NaN, -Infinity, 1, NaN, Infinity)], options: { axis: 0, descending: false } },
  { inputs: [given(3, NaN, -Infinity, 1, NaN, Infinity)], options: { axis: 0, descending: true } },
  { inputs: [f32([2, 1])], options: { axis: 1, descending: false } },
  { inputs: [f32([0, 3])], options: { axis: 1, descending: false } },
  { inputs: [f32([3, 0])], options: { axis: 1, descending: false } },
  { inputs: [f16([9])], options: { axis: 0, descending: false } },
];

export const sort = samples<{ axis: number; descending: boolean }>("sort", {
  run: ([x], options) => {
    const { values, indices } = x!.sort(options);
    return [values, indices];
  },
  expected: ([x], { axis, descending }) => sorted(x!, axis, descending),
  samples: shapes.map((sample) => (sample.inputs[0]!.values === "distinct" ? sample : { ...sample, gradient: 0 as const })),
  gradient: 2,
  precision: "exact",
  failures: [{ inputs: [f32([])], run: ([x]) => x!.sort(), message: "sort: axis -1 is outside x of shape []; a scalar has no axes." }],
});

export const topK = samples<{ count: number; axis: number }>("topK", {
  run: ([x], { count, axis }) => {
    const { values, indices } = x!.topK(count, axis);
    return [values, indices];
  },
  expected: ([x], { count, axis }) => sorted(x!, axis, true).map((y) => build(y.shape.with(positive(axis, y.shape.length), count), (index) => at(y, index), y.dtype)),
  samples: [
    { inputs: [f32([2, 9], "distinct")], options: { count: 3, axis: -1 } },
    { inputs: [f32([5, 2], "distinct")], options: { count: 5, axis: 0 } },
    { inputs: [i32([12], [0, 5])], options: { count: 4, axis: 0 } },
    { inputs: [f32([4], "distinct")], options: { count: 0, axis: 0 } },
  ],
  gradient: 2,
  precision: "exact",
  failures: [{ inputs: [f32([2, 3])], run: ([x]) => x!.topK(4), message: "topK: count is 4 for axis -1 of [2, 3]; expected 0 to 3." }],
});

export const cumulativeSum = samples<{ axis: number }>("cumulativeSum", {
  run: ([x], { axis }) => x!.cumulativeSum(axis),
  expected: ([x], { axis }) =>
    alongLines(x!, axis, (line) => {
      let sum = 0;
      return line.map((value) => (sum += value));
    }),
  samples: [
    { inputs: [f32([3, 7])], options: { axis: -1 } },
    { inputs: [f32([3, 7])], options: { axis: 0 } },
    { inputs: [f32([2, 300])], options: { axis: 1 } },
    { inputs: [i32([2, 5])], options: { axis: 1 } },
    { inputs: [u32([6])], options: { axis: 0 } },
    { inputs: [f32([0, 2])], options: { axis: 0 } },
    { inputs: [f32([1])], options: { axis: 0 } },
    { inputs: [f16([5])], options: { axis: 0 } },
  ],
  gradient: 2,
  precision: "summed",
});
