import { bool, f16, f32, i32, pointwise, samples, type Failure, type Input } from "@multiway/testing/op-samples";

const all = (values?: Input["values"]): (readonly Input[])[] => [[f32([2, 3], values)], [f32([17], values)], [f32([0], values)], [f32([], values)], [f16([5], values)], [f32([1, 1, 7], values)]];
const refusesBool = (op: "exp" | "log" | "sqrt" | "sin" | "cos" | "tanh" | "erf" | "normalCdf" | "sigmoid" | "gelu" | "reciprocal"): Failure[] => [
  { inputs: [bool([2])], run: ([x]) => x![op](), message: `${op}: x of shape [2] is bool; expected a number. Convert with cast.` },
];

const normalDistribution = (x: number): number => (1 + errorFunction(x * Math.SQRT1_2)) / 2;

export const exp = samples("exp", { run: ([x]) => x!.exp(), expected: pointwise(Math.exp), samples: [...all(), { inputs: [f32([4], { list: [-200, 88, Infinity, -Infinity] })], gradient: 0 }], gradient: 2, failures: refusesBool("exp") });
export const expOfIntegers = samples("exp of integers", { run: ([x]) => x!.exp(), expected: pointwise(Math.exp, "f32"), samples: [[i32([6], [-4, 4])]] });
export const log = samples("log", { run: ([x]) => x!.log(), expected: pointwise(Math.log), samples: [...all([0.2, 4]), { inputs: [f32([4], { list: [0, 1, Infinity, 1e-30] })], gradient: 0 }], gradient: 2, failures: refusesBool("log") });
export const sqrt = samples("sqrt", { run: ([x]) => x!.sqrt(), expected: pointwise(Math.sqrt), samples: [...all([0.2, 4]), { inputs: [f32([3], { list: [0, 4, Infinity] })], gradient: 0 }], gradient: 2, failures: refusesBool("sqrt") });
export const rsqrt = samples("rsqrt", { run: ([x]) => x!.rsqrt(), expected: pointwise((x) => 1 / Math.sqrt(x)), samples: all([0.2, 4]), gradient: 2 });
export const reciprocal = samples("reciprocal", { run: ([x]) => x!.reciprocal(), expected: pointwise((x) => 1 / x), samples: all([0.2, 4]), gradient: 2, failures: refusesBool("reciprocal") });
export const sin = samples("sin", { run: ([x]) => x!.sin(), expected: pointwise(Math.sin), samples: all([-6, 6]), gradient: 2, failures: refusesBool("sin") });
export const cos = samples("cos", { run: ([x]) => x!.cos(), expected: pointwise(Math.cos), samples: all([-6, 6]), gradient: 2, failures: refusesBool("cos") });
export const tanh = samples("tanh", { run: ([x]) => x!.tanh(), expected: pointwise(Math.tanh), samples: [...all(), { inputs: [f32([3], { list: [-60, 1e-3, 60] })], gradient: 0 }], gradient: 2, failures: refusesBool("tanh") });
export const erf = samples("erf", { run: ([x]) => x!.erf(), expected: pointwise(errorFunction), samples: [...all([-3, 3]), { inputs: [f32([3], { list: [-9, 1e-3, 9] })], gradient: 0 }], gradient: 2, failures: refusesBool("erf") });
export const normalCdf = samples("normalCdf", {
  run: ([x]) => x!.normalCdf(),
  expected: pointwise(normalDistribution),
  samples: [...all([-3, 3]), { inputs: [f32([4], { list: [-Infinity, -30, 6, Infinity] })], gradient: 0 }],
  gradient: 2,
  failures: refusesBool("normalCdf"),
});
export const sigmoid = samples("sigmoid", {
  run: ([x]) => x!.sigmoid(),
  expected: pointwise((x) => 1 / (1 + Math.exp(-x))),
  samples: [...all(), { inputs: [f32([4], { list: [-100, -30, 30, 100] })], gradient: 0 }],
  gradient: 2,
  failures: refusesBool("sigmoid"),
});
export const gelu = samples("gelu", {
  run: ([x]) => x!.gelu(),
  expected: pointwise((x) => x * normalDistribution(x)),
  samples: [...all(), { inputs: [f32([4], { list: [-30, -5, 5, 30] })], gradient: 0 }],
  gradient: 2,
  failures: refusesBool("gelu"),
});
export const silu = samples("silu", { run: ([x]) => x!.silu(), expected: pointwise((x) => x / (1 + Math.exp(-x))), samples: all(), gradient: 2 });
export const relu = samples("relu", { run: ([x]) => x!.relu(), expected: pointwise((x) => (x <= 0 ? 0 : x)), samples: [...all("distinct"), { inputs: [f32([3], { list: [NaN, -Infinity, 0] })], gradient: 0 }], gradient: 2 });

/** Maclaurin's series below 3; Laplace's continued fraction of the complement above. Abramowitz and Stegun (1964), 7.1.5 and 7.1.14. */
function errorFunction(x: number): number {
  if (x < 0) return -errorFunction(-x);
  if (x > 6) return 1;
  if (x < 3) {
    let sum = 0;
    let term = x;
    for (let n = 0; n < 80; n++) {
      sum += term / (2 * n + 1);
      term *= (-x * x) / (n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let n = 60; n > 0; n--) fraction = x + n / 2 / fraction;
  return 1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}
