import { alongLines, f16, f32, given, i32, reduced, samples, type Input } from "@multiway/testing/op-samples";

const logSum = (line: readonly number[]) => {
  const largest = Math.max(...line);
  return Number.isFinite(largest) ? largest + Math.log(line.reduce((sum, x) => sum + Math.exp(x - largest), 0)) : largest;
};
const softmaxOf = (line: number[]) => line.map((x) => Math.exp(x - logSum(line)));

const lines: { inputs: readonly Input[]; options: { axis: number } }[] = [
  { inputs: [f32([3, 5])], options: { axis: -1 } },
  { inputs: [f32([3, 5])], options: { axis: 0 } },
  { inputs: [f32([2, 3, 4])], options: { axis: 1 } },
  { inputs: [f32([2, 131], [-50, 50])], options: { axis: 1 } },
  { inputs: [f32([1, 1])], options: { axis: 1 } },
  { inputs: [f32([0, 4])], options: { axis: 1 } },
  { inputs: [f16([2, 5])], options: { axis: -1 } },
];
const far = { inputs: [given(1000, 1001, -Infinity, 999)], options: { axis: 0 }, gradient: 0 as const };

export const softmax = samples<{ axis: number }>("softmax", {
  run: ([x], { axis }) => x!.softmax(axis),
  expected: ([x], { axis }) => alongLines(x!, axis, softmaxOf),
  samples: [...lines, far, { inputs: [f32([2], { list: [-Infinity, -Infinity] })], options: { axis: 0 }, gradient: 0 }],
  gradient: 2,
  precision: "summed",
  failures: [{ inputs: [f32([2, 3])], run: ([x]) => x!.softmax(2), message: "softmax: axis 2 is outside x of shape [2, 3]; expected -2 to 1." }],
});
export const logSoftmax = samples<{ axis: number }>("logSoftmax", {
  run: ([x], { axis }) => x!.logSoftmax(axis),
  expected: ([x], { axis }) => alongLines(x!, axis, (line) => line.map((value) => value - logSum(line))),
  samples: [...lines, far],
  gradient: 2,
  precision: "summed",
});
export const logSumExp = samples<{ axis?: number | number[]; keepDims?: boolean }>("logSumExp", {
  run: ([x], options) => x!.logSumExp(options),
  expected: ([x], { axis, keepDims = false }) => reduced(x!, axis, keepDims, logSum, "f32"),
  samples: [
    ...lines,
    far,
    { inputs: [f32([2, 3, 4])], options: { axis: [0, 2], keepDims: true } },
    { inputs: [f32([2, 3])], options: {} },
    { inputs: [i32([2, 3], [-3, 3])], options: { axis: 1 } },
    { inputs: [f32([2, 2], { list: [-Infinity, -Infinity, Infinity, 0] })], options: { axis: 1 }, gradient: 0 },
  ],
  gradient: 2,
  precision: "summed",
});
