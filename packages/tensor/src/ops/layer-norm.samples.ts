import { alongLines, at, build, f16, f32, samples } from "@multiway/testing/op-samples";

export const layerNorm = samples<{ epsilon?: number }>("layerNorm", {
  run: ([x, gain, offset], options) => x!.layerNorm(gain!, offset!, options),
  expected: ([x, gain, offset], { epsilon = 1e-5 }) => {
    const normalised = alongLines(x!, -1, (line) => {
      const mean = line.reduce((sum, value) => sum + value, 0) / line.length;
      const variance = line.reduce((sum, value) => sum + (value - mean) ** 2, 0) / line.length;
      return line.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
    });
    return build(x!.shape, (index) => at(normalised, index) * at(gain!, index.slice(-1)) + at(offset!, index.slice(-1)));
  },
  samples: [
    { inputs: [f32([3, 5]), f32([5]), f32([5])], options: {} },
    { inputs: [f32([2, 3, 7]), f32([7]), f32([7])], options: { epsilon: 1e-3 } },
    { inputs: [f32([6]), f32([6]), f32([6])], options: {} },
    { inputs: [f32([2, 1]), f32([1]), f32([1])], options: {} },
    { inputs: [f32([0, 4]), f32([4]), f32([4])], options: {} },
    { inputs: [f32([2, 131], [10, 11]), f32([131]), f32([131])], options: {} },
    { inputs: [f16([2, 8]), f16([8]), f16([8])], options: {} },
  ],
  gradient: 1,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3]), f32([4]), f32([3])], run: ([x, gain, offset]) => x!.layerNorm(gain!, offset!), message: "layerNorm: gain has shape [4] beside x of [2, 3]; expected [3], the last extent of x." },
    { inputs: [f32([2, 3]), f32([3]), f32([1, 3])], run: ([x, gain, offset]) => x!.layerNorm(gain!, offset!), message: "layerNorm: offset has shape [1, 3] beside x of [2, 3]; expected [3], the last extent of x." },
    { inputs: [f32([]), f32([1])], run: ([x, gain]) => x!.layerNorm(gain!, gain!), message: "layerNorm: x is a scalar; expected at least one axis." },
  ],
});
