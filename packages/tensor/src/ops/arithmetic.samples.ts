import { bool, f16, f32, i32, pointwise, samples, u32, type Failure, type Input, type Plain } from "@multiway/testing/op-samples";

/** Shapes that meet: equal, broadcast on either side, scalars, empty, prime. */
const pairs = (values?: Input["values"], other = values): (readonly Input[])[] =>
  ([[[2, 3], [2, 3]], [[2, 3], [3]], [[4, 1, 3], [2, 1]], [[], [5]], [[7], []], [[0, 3], [1, 3]], [[1, 1], [1]], [[13], [13]]] as const).map(([x, y]) => [f32(x, values), f32(y, other)]);

const integer = ([x, y]: readonly Plain[], f: (x: number, y: number) => number) => pointwise((a, b) => (x!.dtype === "u32" || y!.dtype === "u32" ? f(a, b!) >>> 0 : f(a, b!) | 0))([x!, y!]);
const isFloat = (x: Plain) => x.dtype === "f32" || x.dtype === "f16";
/** One function for floats and one for integers, which wraps. */
const mixed = (f: (x: number, y: number) => number, ofIntegers = f) => (inputs: readonly Plain[]) => (inputs.some(isFloat) ? pointwise((a, b) => f(a, b!))(inputs) : integer(inputs, ofIntegers));

const messages = (op: "add" | "sub" | "mul" | "div" | "remainder"): Failure[] => [
  {
    inputs: [f32([2, 3]), f32([2, 4])],
    run: ([x, y]) => x![op](y!),
    message: `${op}: shapes [2, 3] and [2, 4] do not broadcast: axis -1 has 3 and 4; expected equal extents or a 1.`,
  },
  { inputs: [i32([2]), u32([2])], run: ([x, y]) => x![op](y!), message: `${op}: i32 meets u32; expected one of them on both sides. Convert one with cast.` },
];

export const add = samples("add", {
  run: ([x, y]) => x!.add(y!),
  expected: mixed((x, y) => x + y),
  samples: [...pairs(), [i32([3, 1]), i32([1, 5])], [u32([6]), u32([6])], [i32([3]), f32([3])], [bool([2, 2]), f32([2])], [f16([5]), f32([5])], [f16([2, 4]), f16([2, 4])], [i32([2, 3], [-3000, 3000]), f16([3])], [bool([4]), i32([4])], [i32([1], { list: [2147483647] }), i32([3], { list: [1, 2, 3] })]],
  gradient: 2,
  failures: [...messages("add"), { inputs: [bool([2])], run: ([x]) => x!.add(x!), message: "add: x of shape [2] is bool; expected f32, f16, i32, u32. Convert with cast." }],
});

export const addNumber = samples<{ number: number }>("add number", {
  run: ([x], { number }) => x!.add(number),
  expected: ([x], { number }) => pointwise((value) => value + number, Number.isInteger(number) && number < 2 ** 31 && x!.dtype === "i32" ? "i32" : x!.dtype === "bool" ? "i32" : "f32")([x!]),
  samples: [{ inputs: [f32([2, 3])], options: { number: -1.5 } }, { inputs: [i32([4])], options: { number: 7 } }, { inputs: [i32([4])], options: { number: 0.5 } }, { inputs: [i32([3])], options: { number: 3e9 } }, { inputs: [bool([4])], options: { number: 2 } }, { inputs: [f16([3])], options: { number: 1 } }, { inputs: [f32([2])], options: { number: Infinity }, gradient: 0 }],
  gradient: 2,
});

export const sub = samples("sub", {
  run: ([x, y]) => x!.sub(y!),
  expected: mixed((x, y) => x - y),
  samples: [...pairs(), [i32([3, 1]), i32([5])], [u32([6], [20, 40]), u32([6], [0, 20])]],
  gradient: 2,
  failures: messages("sub"),
});

export const mul = samples("mul", {
  run: ([x, y]) => x!.mul(y!),
  expected: mixed((x, y) => x * y, Math.imul),
  samples: [...pairs(), [i32([3, 1]), i32([5])], [u32([6]), u32([6])], [i32([2], [100000, 2000000]), i32([2], [100000, 2000000])]],
  gradient: 2,
  failures: messages("mul"),
});

export const div = samples("div", {
  run: ([x, y]) => x!.div(y!),
  expected: mixed((x, y) => x / y, (x, y) => (y === 0 ? x : Math.trunc(x / y))),
  samples: [...pairs("normal", [0.5, 2]), [i32([3, 1]), i32([5])], [u32([6], [0, 4000000]), u32([6], [1, 40])], [i32([7]), f32([7], [1, 2])]],
  gradient: 2,
  failures: messages("div"),
});

export const remainder = samples("remainder", {
  run: ([x, y]) => x!.remainder(y!),
  expected: mixed((x, y) => x % y, (x, y) => (y === 0 ? 0 : x % y)),
  samples: [...pairs([-8, 8], [1.1, 1.4]), [i32([3, 1]), i32([5])], [u32([6]), u32([6], [1, 7])]],
  // x % y keeps few digits when x / y is large.
  precision: "summed",
  failures: messages("remainder"),
});

export const remainderSmooth = samples("remainder between steps", {
  run: ([x, y]) => x!.remainder(y!),
  expected: pointwise((x, y) => x % y!),
  samples: [[f32([3], { list: [7.3, -5.4, 0.4] }), f32([3], { list: [2, 1.6, 3] })]],
  gradient: 2,
});

export const pow = samples("pow", {
  run: ([x, y]) => x!.pow(y!),
  expected: pointwise((x, y) => x ** y!, "f32"),
  samples: [...pairs([0.3, 2], [-2, 3]), [i32([5], [1, 6]), i32([5], [0, 3])], [f32([4], { list: [-2, -2, -1.5, 3] }), i32([4], { list: [3, 2, 0, -1] })]],
  gradient: 2,
});

export const powNumber = samples<{ exponent: number }>("pow number", {
  run: ([x], { exponent }) => x!.pow(exponent),
  expected: ([x], { exponent }) => pointwise((value) => value ** exponent)([x!]),
  samples: [2, 1, 0.5, -1, 3, 0, -2.5].map((exponent) => ({ inputs: [f32([2, 3], [0.4, 3])], options: { exponent } })),
  gradient: 2,
});

export const square = samples("square", { run: ([x]) => x!.square(), expected: pointwise((x) => x * x), samples: [[f32([2, 3])], [i32([5])], [f16([4])], [f32([0])], [f32([])]], gradient: 2 });
export const neg = samples("neg", { run: ([x]) => x!.neg(), expected: pointwise((x) => -x), samples: [[f32([2, 3])], [i32([5])], [f16([4])], [f32([0, 2])], [f32([])]], gradient: 2 });
export const negUnsigned = samples("neg of u32", { run: ([x]) => x!.neg(), expected: pointwise((x) => -x >>> 0), samples: [[u32([6])]] });
export const abs = samples("abs", { run: ([x]) => x!.abs(), expected: pointwise(Math.abs), samples: [[f32([2, 3], "distinct")], [i32([5])], [u32([5])], [f16([4])], [f32([0])]], gradient: 2 });
export const sign = samples("sign", {
  run: ([x]) => x!.sign(),
  expected: pointwise(Math.sign),
  samples: [[f32([2, 3], "distinct")], [i32([9], [-2, 2])], [u32([5], [0, 2])], [f16([4])], [f32([3], { list: [0, -4, 4] })], [f32([0])]],
  precision: "exact",
});
