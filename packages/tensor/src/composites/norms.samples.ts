import { alongLines, broadcast, build, at, f32, reduced, samples, type Plain } from "@multiway/testing/op-samples";

const length = (values: readonly number[]) => Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
const zeros = f32([2, 2], { list: [0, 0, 3, 4] });

export const norm = samples<{ axis?: number | number[]; keepDims?: boolean }>("norm", {
  run: ([x], options) => x!.norm(options),
  expected: ([x], { axis, keepDims = false }) => reduced(x!, axis, keepDims, length),
  samples: [
    { inputs: [f32([2, 3])], options: {} },
    { inputs: [f32([2, 3, 5])], options: { axis: [0, 2], keepDims: true } },
    { inputs: [f32([4, 7])], options: { axis: -1 } },
    { inputs: [f32([3, 0])], options: { axis: 1 } },
    // Differences at a corner say nothing.
    { inputs: [zeros], options: { axis: 1 }, gradient: 0 },
  ],
  gradient: 2,
  precision: "summed",
});

/** Where √ has no slope, the gradient is 0 and not NaN. */
export const normAtZero = samples("gradient of norm at 0", {
  run: ([x]) => x!.mul(0).norm({ axis: 1 }),
  expected: ([x]) => reduced(x!, 1, false, () => 0),
  samples: [[f32([2, 3])]],
  gradient: 1,
});

export const normalize = samples<{ axis?: number; epsilon?: number }>("normalize", {
  run: ([x], { axis, epsilon }) => x!.normalize(axis, epsilon === undefined ? {} : { epsilon }),
  expected: ([x], { axis = -1, epsilon = 1e-12 }) => alongLines(x!, axis, (line) => line.map((value) => value / Math.max(length(line), epsilon))),
  samples: [{ inputs: [f32([3, 5])], options: {} }, { inputs: [f32([3, 5])], options: { axis: 0 } }, { inputs: [f32([2, 3])], options: { epsilon: 10 } }, { inputs: [zeros], options: {}, gradient: 0 }],
  gradient: 2,
  precision: "summed",
});

export const cosineSimilarity = samples<{ axis?: number }>("cosineSimilarity", {
  run: ([x, y], { axis }) => x!.cosineSimilarity(y!, axis),
  expected: ([x, y], { axis = -1 }) => {
    const shape = broadcast(x!.shape, y!.shape);
    const wide = (z: Plain) => build(shape, (index) => at(z, index));
    const sums = (f: (index: number[]) => number) => reduced(build(shape, f), axis, false, (values) => values.reduce((sum, value) => sum + value, 0));
    const [xy, xx, yy] = [sums((index) => at(x!, index) * at(y!, index)), reduced(wide(x!), axis, false, length), reduced(wide(y!), axis, false, length)];
    return { ...xy, data: xy.data.map((value, i) => value / Math.max(xx.data[i]! * yy.data[i]!, 1e-8)) };
  },
  samples: [{ inputs: [f32([3, 5]), f32([3, 5])], options: {} }, { inputs: [f32([3, 1, 5]), f32([4, 5])], options: {} }, { inputs: [f32([3, 5]), f32([3, 5])], options: { axis: 0 } }],
  gradient: 2,
  precision: "summed",
});

export const vectors = samples("dot and outer", {
  run: ([x, y, z]) => [x!.dot(y!), x!.outer(z!)],
  expected: ([x, y, z]) => [{ shape: [], dtype: "f32", data: [x!.data.reduce((sum, value, i) => sum + value * y!.data[i]!, 0)] }, build([x!.data.length, z!.data.length], ([i, j]) => x!.data[i!]! * z!.data[j!]!)],
  samples: [[f32([5]), f32([5]), f32([3])], [f32([0]), f32([0]), f32([2])]],
  gradient: 2,
  precision: "summed",
  failures: [
    { inputs: [f32([2]), f32([3])], run: ([x, y]) => x!.dot(y!), message: "dot: shapes [2] and [3]; expected equal lengths." },
    { inputs: [f32([2]), f32([3, 1])], run: ([x, y]) => x!.outer(y!), message: "outer: shapes [2] and [3, 1]; expected two vectors." },
  ],
});
