import { bool, f16, f32, given, i32, pointwise, samples, u32, type Input } from "@multiway/testing/op-samples";

const inputs: (readonly Input[])[] = [
  [f32([2, 3]), f32([3])],
  [given(1, 2, NaN, Infinity), given(1, 3, NaN, Infinity)],
  [i32([4, 1], [-2, 2]), i32([1, 3], [-2, 2])],
  [u32([6], [0, 2]), u32([6], [0, 2])],
  [f16([5]), f32([5])],
  [i32([3], [0, 1]), f32([3], { list: [0, 1, 0.5] })],
  [f32([0]), f32([1])],
  [f32([]), f32([])],
];
const bools: (readonly Input[])[] = [[bool([2, 5]), bool([5])]];

export const equal = samples("equal", { run: ([x, y]) => x!.equal(y!), expected: pointwise((x, y) => Number(x === y), "bool"), samples: [...inputs, ...bools] });
export const notEqual = samples("notEqual", { run: ([x, y]) => x!.notEqual(y!), expected: pointwise((x, y) => Number(x !== y), "bool"), samples: [...inputs, ...bools] });
export const less = samples("less", {
  run: ([x, y]) => x!.less(y!),
  expected: pointwise((x, y) => Number(x < y!), "bool"),
  samples: inputs,
  failures: [{ inputs: bools[0]!, run: ([x, y]) => x!.less(y!), message: "less: x of shape [2, 5] is bool; expected f32, f16, i32, u32. Convert with cast." }],
});
export const lessEqual = samples("lessEqual", { run: ([x, y]) => x!.lessEqual(y!), expected: pointwise((x, y) => Number(x <= y!), "bool"), samples: inputs });
export const greater = samples("greater", { run: ([x, y]) => x!.greater(y!), expected: pointwise((x, y) => Number(x > y!), "bool"), samples: inputs });
export const greaterEqual = samples("greaterEqual", { run: ([x, y]) => x!.greaterEqual(y!), expected: pointwise((x, y) => Number(x >= y!), "bool"), samples: inputs });
export const isNaNs = samples("isNaN", {
  run: ([x]) => x!.isNaN(),
  expected: pointwise((x) => Number(Number.isNaN(x)), "bool"),
  samples: [[given(1, NaN, Infinity, -0)], [f16([3])], [f32([0])]],
  failures: [{ inputs: [i32([2])], run: ([x]) => x!.isNaN(), message: "isNaN: x of shape [2] is i32; expected f32, f16. Convert with cast." }],
});
