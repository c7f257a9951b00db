import { at, build, f16, f32, i32, samples } from "@multiway/testing/op-samples";

export const crossEntropy = samples<{ labelSmoothing?: number }>("crossEntropy", {
  run: ([logits, targets], options) => logits!.crossEntropy(targets!, options),
  expected: ([logits, targets], { labelSmoothing = 0 }) => {
    const classes = logits!.shape.at(-1)!;
    return build(targets!.shape, (index) => {
      const target = at(targets!, index);
      if (target < 0) return 0;
      const row = Array.from({ length: classes }, (_, c) => at(logits!, [...index, c]));
      const largest = Math.max(...row);
      const logSum = largest + Math.log(row.reduce((sum, x) => sum + Math.exp(x - largest), 0));
      return logSum - (1 - labelSmoothing) * row[target]! - (labelSmoothing / classes) * row.reduce((sum, x) => sum + x, 0);
    });
  },
  samples: [
    { inputs: [f32([4, 7]), i32([4], [-1, 6])], options: {} },
    { inputs: [f32([2, 3, 5]), i32([2, 3], [0, 4])], options: { labelSmoothing: 0.1 } },
    { inputs: [f32([3, 131], [-30, 30]), i32([3], [0, 130])], options: {} },
    { inputs: [f32([5]), i32([], [0, 4])], options: {} },
    { inputs: [f32([0, 5]), i32([0])], options: {} },
    { inputs: [f32([2, 1]), i32([2], [0, 0])], options: {} },
    { inputs: [f16([3, 9]), i32([3], [0, 8])], options: { labelSmoothing: 0.2 } },
  ],
  gradient: 1,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3]), i32([3])], run: ([logits, targets]) => logits!.crossEntropy(targets!), message: "crossEntropy: logits of [2, 3] and targets of [3]; expected targets of [2]." },
    { inputs: [f32([2, 3]), f32([2])], run: ([logits, targets]) => logits!.crossEntropy(targets!), message: "crossEntropy: targets are f32; expected i32 class numbers. Convert with cast." },
  ],
});
