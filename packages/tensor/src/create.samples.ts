import { key } from "@multiway/random";
import { build, samples, i32, f32 } from "@multiway/testing/op-samples";
import { arange, constant, full, linspace, ones, onesLike, where, zeros, zerosLike } from "./create.ts";
import { allDTypes } from "./dtype.ts";
import { randomBernoulli, randomBits, randomNormal, randomUniform } from "./key.ts";

export const filled = samples("full, zeros and ones", {
  run: () => [full([2, 3], 1.5), ...allDTypes.flatMap((dtype) => [zeros([2], { dtype }), ones([3, 0], { dtype }), full([], 1, { dtype })]), full([2], -Infinity), full([2], NaN), full([2], 1e39)],
  expected: () => [
    build([2, 3], () => 1.5),
    ...allDTypes.flatMap((dtype) => [build([2], () => 0, dtype), build([3, 0], () => 1, dtype), build([], () => 1, dtype)]),
    build([2], () => -Infinity),
    build([2], () => NaN),
    build([2], () => Infinity),
  ],
  samples: [[]],
  precision: "exact",
  failures: [{ run: () => full([2, -1], 0), message: "full: shape [2, -1] holds -1; expected whole numbers, 0 or more." }],
});

export const alike = samples("zerosLike and onesLike", {
  run: ([x, y]) => [zerosLike(x!), onesLike(y!), where(y!.greater(0), x!, y!)],
  expected: ([x, y]) => [build(x!.shape, () => 0), build(y!.shape, () => 1, "i32"), build(x!.shape, ([i, j]) => (y!.data[i! * 3 + j!]! > 0 ? x!.data[i! * 3 + j!]! : y!.data[i! * 3 + j!]!))],
  samples: [[f32([2, 3]), i32([2, 3])]],
});

export const constants = samples("constant", {
  run: () => [constant([[1, 2], [3, 4]]), constant([true, false]), constant(Int32Array.of(5, -6)), constant(7), constant([0.5, 65504], { dtype: "f16" }).cast("f32")],
  expected: () => [build([2, 2], ([i, j]) => 1 + 2 * i! + j!), build([2], ([i]) => 1 - i!, "bool"), build([2], ([i]) => (i === 0 ? 5 : -6), "i32"), build([], () => 7), build([2], ([i]) => (i === 0 ? 0.5 : 65504))],
  samples: [[]],
  precision: "exact",
});

export const counted = samples("arange and linspace", {
  run: () => [arange(5), arange(2, 9, 3), arange(5, 0, -2), arange(0), arange(0, 1, 0.25), arange(0, 2.5), linspace(-1, 1, 5), linspace(3, 4, 1), linspace(0, 1, 0)],
  expected: () => [
    build([5], ([i]) => i!, "i32"),
    build([3], ([i]) => 2 + 3 * i!, "i32"),
    build([3], ([i]) => 5 - 2 * i!, "i32"),
    build([0], () => 0, "i32"),
    build([4], ([i]) => i! / 4),
    build([3], ([i]) => i!),
    build([5], ([i]) => -1 + i! / 2),
    build([1], () => 3),
    build([0], () => 0),
  ],
  samples: [[]],
  failures: [{ run: () => arange(0, 5, 0), message: "arange: from 0 to 5 by 0; expected finite numbers, and a step other than 0." }],
});

const seed = key(20230917);
export const random = samples("random numbers", {
  run: () => [randomBits(seed, [7, 3]), randomUniform(seed, [2, 5, 3]), randomUniform(seed, [9], { low: -2, high: 3 }), randomNormal(seed, [4, 8]), randomBernoulli(seed, 0.3, [40]), randomBits(seed, []), randomUniform(seed, [0])],
  expected: () => [
    { shape: [7, 3], dtype: "u32", data: [...seed.bits(21)] },
    { shape: [2, 5, 3], dtype: "f32", data: [...seed.uniform(30)] },
    { shape: [9], dtype: "f32", data: [...seed.uniform(9, -2, 3)] },
    { shape: [4, 8], dtype: "f32", data: [...seed.normal(32)] },
    { shape: [40], dtype: "bool", data: [...seed.uniform(40)].map((x) => Number(x < 0.3)) },
    { shape: [], dtype: "u32", data: [...seed.bits(1)] },
    { shape: [0], dtype: "f32", data: [] },
  ],
  samples: [[]],
  // 2π is rounded to f32, and so is −2 · log.
  precision: "summed",
  failures: [
    { run: () => randomUniform({} as never, [2]), message: "random: expected a key, made with key(seed)." },
    { run: () => randomBernoulli(seed, 1.5, [2]), message: "randomBernoulli: probability 1.5 for shape [2]; expected 0 to 1." },
  ],
});
