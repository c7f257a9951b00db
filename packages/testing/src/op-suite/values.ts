import { arange, ones, type Tensor } from "@multiway/tensor";
import { formatShape } from "@multiway/errors";
import { compareArrays, type Tolerance } from "../compare.ts";
import type { Job, Result } from "./batch.ts";
import { draw, leafOn, place, repeatedAlongFirst, type Lie } from "./inputs.ts";
import { reduced, type Plain } from "./plain.ts";
import type { Precision, Samples } from "./sample.ts";

/** By how much results may differ from float64: on the reference device only numbers that are handed in as f32 are rounded. */
export const tolerances: Readonly<Record<"reference" | "device", Readonly<Record<Precision, Tolerance>>>> = {
  reference: {
    exact: { relative: 0, absolute: 0 },
    elementwise: { relative: 2e-7, absolute: 1e-7 },
    summed: { relative: 1e-6, absolute: 1e-6 },
    half: { relative: 1e-3, absolute: 1e-7 },
  },
  device: {
    exact: { relative: 0, absolute: 0 },
    elementwise: { relative: 1e-5, absolute: 1e-6 },
    summed: { relative: 1e-4, absolute: 2e-5 },
    half: { relative: 1e-2, absolute: 1e-4 },
  },
};

/** What is wrong with results, or undefined. */
export function judgeResults(results: readonly Result[], expected: readonly Plain[], tolerance: Tolerance): string | undefined {
  if (results.length !== expected.length) return `there are ${results.length} results; expected ${expected.length}.`;
  for (const [position, { shape, dtype, data }] of results.entries()) {
    const wanted = expected[position]!;
    const prefix = expected.length > 1 ? `result ${position}: ` : "";
    if (formatShape(shape) !== formatShape(wanted.shape) || dtype !== wanted.dtype) {
      return `${prefix}is ${dtype} ${formatShape(shape)}; expected ${wanted.dtype} ${formatShape(wanted.shape)}.`;
    }
    const isFloat = dtype === "f32" || dtype === "f16";
    // Results are read widened.
    const problem = compareArrays(data, Float64Array.from(wanted.data), { dtype: isFloat ? "f32" : wanted.dtype, shape, ...(isFloat ? tolerance : { relative: 0, absolute: 0 }) });
    if (problem !== undefined) return `${prefix}${problem}`;
  }
  return undefined;
}

/** The op as it is, with inputs that lie in memory in a given way. */
export function valueJobs(group: Samples, lies: readonly Lie[], tolerance: Tolerance): Job[] {
  return group.samples.map((sample, position) => {
    const lieOf = (index: number) => lies[(position + index) % lies.length]!;
    const inputs = sample.inputs.map((input, index) => drawn(group, position, index, lieOf(index)));
    const placed = inputs.map((x, index) => place(x, lieOf(index)));
    return {
      label: `${group.name} ${sample.label}${lies[0] === "contiguous" ? "" : ` ${sample.inputs.map((_, index) => lieOf(index)).join(" ")}`}`,
      leaves: (device) => placed.map(({ stored }) => leafOn(device, stored)),
      compute: (leaves) => group.run(leaves.map((leaf, index) => placed[index]!.view(leaf)), sample.options),
      judge: (results) => judgeResults(results, group.expected(inputs, sample.options), tolerance),
    };
  });
}

export function drawn(group: Samples, sample: number, index: number, lie: Lie = "contiguous"): Plain {
  const x = draw(group.samples[sample]!.inputs[index]!, `${group.name} ${group.samples[sample]!.label} ${index}`);
  return lie === "expanded" ? repeatedAlongFirst(x) : x;
}

/**
 * The op inside a chain: its inputs are results of other ops, and its result is read twice, once by a reduction whose result meets it again.
 * With `products`, matrix products stand before and behind it.
 */
export function fusedJobs(group: Samples, products: boolean, tolerance: Tolerance): Job[] {
  return group.samples.flatMap((sample, position) => {
    const inputs = sample.inputs.map((_, index) => drawn(group, position, index));
    const isMatrix = (x: { shape: readonly number[]; dtype: string }) => x.dtype === "f32" && x.shape.length >= 2;
    // Infinity times the zeros of an identity is NaN.
    if (products && !(inputs.some(isMatrix) && inputs.every(({ data }) => data.every(Number.isFinite)))) return [];
    const before = products ? (x: Tensor) => (isMatrix(x) ? x.matmul(identity(x.shape.at(-1)!)) : x) : aroundInput;
    const after = products ? (y: Tensor) => (isMatrix(y) ? [y, y.matmul(ones([y.shape.at(-1)!, 2]))] : [y]) : aroundResult;
    const judged = (y: Plain): Plain[] => (products ? (isMatrix(y) ? [y, widerSum(y)] : [y]) : plainAroundResult(y));
    return [
      {
        label: `${group.name} ${sample.label} inside ${products ? "products" : "a chain"}`,
        leaves: (device) => inputs.map((x) => leafOn(device, x)),
        compute: (leaves) => group.run(leaves.map(before), sample.options).flatMap(after),
        judge: (results) => {
          const expected = group.expected(inputs, sample.options).flatMap(judged);
          // Sums cancel: what counts is the size of what went in.
          const size = Math.max(1, ...expected.flatMap(({ data }) => data.map(Math.abs).filter(Number.isFinite)));
          return judgeResults(results, expected, { relative: tolerance.relative, absolute: Math.max(tolerance.absolute, tolerance.relative * size) });
        },
      } satisfies Job,
    ];
  });
}

/** The same number by way of others, exactly: halves of floats, sums that wrap, two negations. Half floats stay as they lie. */
function aroundInput(x: Tensor): Tensor {
  if (x.dtype === "f32") return x.mul(0.5).add(x.mul(0.5));
  if (x.dtype === "bool") return x.not().not();
  return x.dtype === "f16" ? x : x.add(3).sub(3);
}

function aroundResult(y: Tensor): Tensor[] {
  if (y.dtype === "bool") return [y.not(), y.any()];
  if (y.dtype === "f16") return [y, y.mul(2)];
  if (y.dtype !== "f32") return [y.add(1), y.max()];
  return [y.mul(2).add(1), ...(y.rank > 0 ? [y.add(y.sum({ axis: -1, keepDims: true }))] : [])];
}

function plainAroundResult(y: Plain): Plain[] {
  const map = (f: (value: number, flat: number) => number, dtype = y.dtype): Plain => ({ ...y, dtype, data: y.data.map(f) });
  if (y.dtype === "bool") return [map((value) => 1 - value), { shape: [], dtype: "bool", data: [y.data.includes(1) ? 1 : 0] }];
  if (y.dtype === "f16") return [y, map((value) => value * 2, "f32")];
  if (y.dtype !== "f32") {
    const smallest = y.dtype === "u32" ? 0 : -2147483648;
    return [map((value) => (y.dtype === "u32" ? (value + 1) >>> 0 : (value + 1) | 0)), { shape: [], dtype: y.dtype, data: [Math.max(smallest, ...y.data)] }];
  }
  const chain = map((value) => value * 2 + 1);
  if (y.shape.length === 0) return [chain];
  const sums = reduced(y, -1, true, (values) => values.reduce((sum, value) => sum + value, 0));
  const width = y.shape.at(-1)!;
  return [chain, map((value, flat) => value + sums.data[Math.floor(flat / width)]!)];
}

/** Ones on the diagonal: a product with it changes nothing. */
const identity = (width: number): Tensor => arange(width).oneHot(width);

/** Two equal columns of sums along the last axis. */
function widerSum(y: Plain): Plain {
  const sums = reduced(y, -1, true, (values) => values.reduce((sum, value) => sum + value, 0));
  return { ...sums, shape: [...y.shape.slice(0, -1), 2], data: sums.data.flatMap((sum) => [sum, sum]) };
}
