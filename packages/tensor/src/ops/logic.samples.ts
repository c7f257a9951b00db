import { bool, f32, i32, pointwise, samples, u32, type Input, type Plain } from "@multiway/testing/op-samples";

const inputs: (readonly Input[])[] = [[bool([2, 3]), bool([3])], [i32([4, 1]), i32([3])], [u32([7]), u32([])], [bool([0]), bool([1])], [i32([2], { list: [-1, -2147483648] }), i32([2], { list: [255, -1] })]];
const bits = (f: (x: number, y: number) => number) => (plain: readonly Plain[]) => pointwise((x, y) => (plain.some(({ dtype }) => dtype === "u32") ? f(x, y!) >>> 0 : f(x, y!)))(plain);

export const and = samples("and", {
  run: ([x, y]) => x!.and(y!),
  expected: bits((x, y) => x & y),
  samples: inputs,
  failures: [{ inputs: [f32([2])], run: ([x]) => x!.and(x!), message: "and: x is f32; expected i32, u32, bool. Convert with cast." }],
});
export const or = samples("or", { run: ([x, y]) => x!.or(y!), expected: bits((x, y) => x | y), samples: inputs });
export const xor = samples("xor", { run: ([x, y]) => x!.xor(y!), expected: bits((x, y) => x ^ y), samples: inputs });
export const not = samples("not", {
  run: ([x]) => x!.not(),
  expected: ([x]) => pointwise((value) => (x!.dtype === "bool" ? 1 - value : x!.dtype === "u32" ? ~value >>> 0 : ~value))([x!]),
  samples: [[bool([2, 3])], [i32([5])], [u32([5])], [bool([0])], [bool([])]],
  failures: [{ inputs: [f32([2])], run: ([x]) => x!.not(), message: "not: x is f32; expected bool, i32, u32. Compare or cast it first." }],
});
export const shiftLeft = samples("shiftLeft", {
  run: ([x, y]) => x!.shiftLeft(y!),
  expected: bits((x, y) => x << y),
  samples: [[i32([6]), i32([6], [0, 31])], [u32([2, 3]), u32([3], [0, 31])], [u32([0]), u32([])]],
  failures: [{ inputs: [bool([2]), i32([2])], run: ([x]) => x!.shiftLeft(x!), message: "shiftLeft: x is bool; expected i32, u32. Convert with cast." }],
});
export const shiftRight = samples("shiftRight", {
  run: ([x, y]) => x!.shiftRight(y!),
  expected: (plain) => pointwise((x, y) => (plain[0]!.dtype === "u32" ? x >>> y! : x >> y!))(plain),
  samples: [[i32([6], [-100000, 100000]), i32([6], [0, 31])], [u32([2, 3], [0, 4000000000]), u32([3], [0, 31])]],
});
export const shiftByNumber = samples("shift by a number", {
  run: ([x]) => [x!.shiftLeft(3), x!.shiftRight(2)],
  expected: ([x]) => [pointwise((value) => value << 3)([x!]), pointwise((value) => value >> 2)([x!])],
  samples: [[i32([2, 5])]],
});
