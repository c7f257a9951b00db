import { bool, f16, f32, given, i32, reduced, samples, u32, type Input, type Plain } from "@multiway/testing/op-samples";

interface Options {
  axis?: number | number[];
  keepDims?: boolean;
}

const inputs = (values?: Input["values"]): { inputs: readonly Input[]; options: Options }[] => [
  { inputs: [f32([2, 3], values)], options: {} },
  { inputs: [f32([2, 3, 5], values)], options: { axis: 1 } },
  { inputs: [f32([4, 3, 2], values)], options: { axis: [0, -1], keepDims: true } },
  { inputs: [f32([3, 7], values)], options: { axis: -1, keepDims: true } },
  { inputs: [f32([3, 131], values)], options: { axis: 1 } },
  { inputs: [f32([1, 1], values)], options: { axis: 0 } },
  { inputs: [f32([], values)], options: {} },
  { inputs: [f32([2, 3], values)], options: { axis: [] } },
  { inputs: [f16([3, 4], values)], options: { axis: 0 } },
];
const ofNothing = [{ inputs: [f32([0, 3])], options: { axis: 0 } }, { inputs: [f32([3, 0])], options: {} }, { inputs: [f32([0, 3])], options: { axis: 1 } }];
const integers = [{ inputs: [i32([3, 5])], options: { axis: 1 } }, { inputs: [u32([4, 2])], options: { axis: 0 } }, { inputs: [i32([6])], options: {} }];
const over = (f: (values: number[], x: Plain) => number, dtype?: Plain["dtype"]) => ([x]: readonly Plain[], { axis, keepDims = false }: Options) => reduced(x!, axis, keepDims, (values) => f(values, x!), dtype);

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
const average = (values: number[]) => total(values) / values.length;
const spread = (values: number[], correction = 0) => total(values.map((value) => (value - average(values)) ** 2)) / (values.length - correction);

export const sum = samples<Options>("sum", {
  run: ([x], options) => x!.sum(options),
  expected: ([x], options) => over(total, x!.dtype === "bool" ? "i32" : undefined)([x!], options),
  samples: [...inputs(), ...ofNothing, ...integers, { inputs: [bool([3, 5])], options: { axis: 0 } }, { inputs: [f32([2, 3, 4, 5, 2])], options: { axis: [1, 3] } }],
  gradient: 2,
  precision: "summed",
  failures: [
    { inputs: [f32([2, 3])], run: ([x]) => x!.sum({ axis: 2 }), message: "sum: axis 2 is outside x of shape [2, 3]; expected -2 to 1." },
    { inputs: [f32([2, 3])], run: ([x]) => x!.sum({ axis: [1, -1] }), message: "sum: axes [1, -1] name one axis of [2, 3] twice; expected each at most once." },
    { inputs: [f32([])], run: ([x]) => x!.sum({ axis: 0 }), message: "sum: axis 0 is outside x of shape []; a scalar has no axes." },
  ],
});

export const mean = samples<Options>("mean", { run: ([x], options) => x!.mean(options), expected: over(average, "f32"), samples: [...inputs(), ...ofNothing.map((sample) => ({ ...sample, gradient: 0 as const })), ...integers, { inputs: [bool([5])], options: {} }], gradient: 2, precision: "summed" });
export const variance = samples<Options & { correction?: number }>("variance", {
  run: ([x], options) => x!.variance(options),
  expected: ([x], options) => over((values) => spread(values, options.correction), "f32")([x!], options),
  samples: [...inputs().slice(0, 7), { inputs: [f32([3, 7])], options: { axis: 1, correction: 1 } }, { inputs: [i32([2, 5])], options: { axis: 1 } }],
  gradient: 2,
  precision: "summed",
});
export const prod = samples<Options>("prod", {
  run: ([x], options) => x!.prod(options),
  expected: over((values) => values.reduce((product, value) => product * value, 1)),
  samples: [...inputs([0.8, 1.2]), ...ofNothing.map((sample) => ({ ...sample, gradient: 0 as const })), { inputs: [i32([2, 4], [-5, 5])], options: { axis: 1 } }],
  gradient: 2,
  precision: "summed",
  failures: [{ inputs: [bool([2])], run: ([x]) => x!.prod(), message: "prod: x of shape [2] is bool; expected f32, f16, i32, u32. Convert with cast." }],
});

const extremes = [...inputs("distinct"), ...integers, { inputs: [given(1, NaN, 3)], options: {}, gradient: 0 as const }, { inputs: [f32([2, 0])], options: { axis: 1 }, gradient: 0 as const }];
export const max = samples<Options>("max", { run: ([x], options) => x!.max(options), expected: over((values) => Math.max(...values)), samples: extremes, gradient: 2, precision: "exact" });
export const min = samples<Options>("min", { run: ([x], options) => x!.min(options), expected: over((values) => Math.min(...values)), samples: extremes, gradient: 2, precision: "exact" });

const positions = [
  { inputs: [f32([3, 7], "distinct")], options: { axis: 1 } },
  { inputs: [f32([3, 7], "distinct")], options: { axis: 0, keepDims: true } },
  { inputs: [f32([2, 3, 4], "distinct")], options: {} },
  { inputs: [i32([4, 9], [0, 2])], options: { axis: -1 } },
  { inputs: [u32([4, 9], [0, 2])], options: { axis: -1 } },
  { inputs: [given(1, 5, 5, 2)], options: { axis: 0 } },
  { inputs: [given(1, NaN, 7, NaN)], options: {} },
  { inputs: [f32([])], options: {} },
  { inputs: [f32([0, 2])], options: { axis: 1 } },
];
const firstOf = (beats: (a: number, b: number) => boolean) => (values: number[]) => {
  const firstNaN = values.findIndex(Number.isNaN);
  return firstNaN >= 0 ? firstNaN : values.reduce((best, value, i) => (beats(value, values[best]!) ? i : best), 0);
};
type Position = { axis?: number; keepDims?: boolean };
export const argMax = samples<Position>("argMax", { run: ([x], options) => x!.argMax(options), expected: ([x], options) => over(firstOf((a, b) => a > b), "i32")([x!], options), samples: positions });
export const argMin = samples<Position>("argMin", { run: ([x], options) => x!.argMin(options), expected: ([x], options) => over(firstOf((a, b) => a < b), "i32")([x!], options), samples: positions });

const truths = [{ inputs: [bool([3, 4])], options: { axis: 1 } }, { inputs: [bool([2, 2])], options: {} }, { inputs: [i32([3, 2], [0, 1])], options: { axis: 0, keepDims: true } }, { inputs: [bool([0, 3])], options: { axis: 0 } }, { inputs: [given(0, 0.5)], options: {} }];
export const any = samples<Options>("any", { run: ([x], options) => x!.any(options), expected: over((values) => Number(values.some((value) => value !== 0)), "bool"), samples: truths });
export const all = samples<Options>("all", { run: ([x], options) => x!.all(options), expected: over((values) => Number(values.every((value) => value !== 0)), "bool"), samples: truths });
