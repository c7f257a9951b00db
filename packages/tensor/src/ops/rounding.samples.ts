import { f16, f32, i32, pointwise, samples } from "@multiway/testing/op-samples";

const inputs = [[f32([9], { list: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999, -7, 0] })], [f32([2, 3], [-5, 5])], [f32([0])], [f32([])], [f16([5], [-5, 5])], [i32([3])]];
const halvesToEven = (x: number) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));

export const floor = samples("floor", { run: ([x]) => x!.floor(), expected: pointwise(Math.floor), samples: inputs, precision: "exact" });
export const ceil = samples("ceil", { run: ([x]) => x!.ceil(), expected: pointwise(Math.ceil), samples: inputs, precision: "exact" });
export const round = samples("round", { run: ([x]) => x!.round(), expected: pointwise(halvesToEven), samples: inputs, precision: "exact" });
export const trunc = samples("trunc", { run: ([x]) => x!.trunc(), expected: pointwise(Math.trunc), samples: inputs, precision: "exact" });
