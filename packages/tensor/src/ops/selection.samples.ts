import { bool, f16, f32, given, i32, pointwise, samples, u32, type Input } from "@multiway/testing/op-samples";

const choose = pointwise((condition, x, y) => (condition ? x! : y!));

export const where = samples("where", {
  run: ([condition, x, y]) => condition!.where(x!, y!),
  expected: (inputs) => ({ ...choose(inputs), dtype: choose(inputs.slice(1)).dtype }),
  samples: [
    [bool([2, 3]), f32([2, 3]), f32([2, 3])],
    [bool([3, 1]), f32([4]), f32([])],
    [bool([5]), i32([5]), i32([1])],
    [bool([5]), u32([5]), u32([5])],
    [bool([2, 2]), bool([2, 2]), bool([2])],
    [bool([0, 3]), f32([3]), f32([1])],
    [bool([4]), f16([4]), f32([4])],
    [bool([3]), i32([3]), f32([3])],
  ],
  gradient: 2,
  failures: [
    { inputs: [i32([2]), f32([2])], run: ([condition, x]) => condition!.where(x!, 0), message: "where: condition of shape [2] is i32; expected bool. Convert with cast." },
    { inputs: [bool([2]), f32([3])], run: ([condition, x]) => condition!.where(x!, 0), message: "where: shapes [2] and [3] do not broadcast: axis -1 has 2 and 3; expected equal extents or a 1." },
  ],
});

export const whereNumbers = samples("where with numbers", {
  run: ([condition, x]) => [condition!.where(1, 0), condition!.where(x!, -Infinity), condition!.where(2, x!)],
  expected: ([condition, x]) => [pointwise((c) => c, "f32")([condition!]), pointwise((c, value) => (c ? value! : -Infinity), "f32")([condition!, x!]), pointwise((c, value) => (c ? 2 : value!), "f32")([condition!, x!])],
  samples: [[bool([2, 5]), f32([2, 5])]],
});

export const maskedFill = samples("maskedFill", {
  run: ([x, isMasked]) => x!.maskedFill(isMasked!, -9),
  expected: pointwise((x, isMasked) => (isMasked ? -9 : x), "f32"),
  samples: [[f32([2, 3]), bool([3])], [f32([4, 1]), bool([4, 3])]],
  gradient: 2,
});

const pairs: (readonly Input[])[] = [[f32([2, 3], "distinct"), f32([3], [-1, 1])], [f32([7], "distinct"), f32([], { list: [0.1] })], [i32([5]), i32([5])], [u32([5]), u32([1])], [f32([0]), f32([])], [f16([4]), f32([4])]];

export const maximum = samples("maximum", { run: ([x, y]) => x!.maximum(y!), expected: pointwise((x, y) => Math.max(x, y!)), samples: [...pairs, { inputs: [given(NaN, 1, -Infinity), given(2, NaN, -Infinity)], gradient: 0 }], gradient: 2 });
export const minimum = samples("minimum", { run: ([x, y]) => x!.minimum(y!), expected: pointwise((x, y) => Math.min(x, y!)), samples: [...pairs, { inputs: [given(NaN, 1, Infinity), given(2, NaN, Infinity)], gradient: 0 }], gradient: 2 });
export const clamp = samples("clamp", { run: ([x]) => x!.clamp(-0.5, 0.75), expected: pointwise((x) => Math.min(Math.max(x, -0.5), 0.75)), samples: [[f32([3, 5], "distinct")], [f32([0])], [f16([4])]], gradient: 2 });
