import type { Tensor } from "@multiway/tensor";
import type { DType } from "@multiway/tensor/device";
import type { Plain } from "./plain.ts";

/** How an input's numbers are drawn: between two bounds, from the normal distribution, all far from each other and from 0, or as listed. */
export type Values = readonly [low: number, high: number] | "normal" | "distinct" | { list: readonly number[] };

export interface Input {
  shape: readonly number[];
  dtype: DType;
  values: Values;
}

const input =
  (dtype: DType, usual: Values) =>
  (shape: readonly number[], values: Values = usual): Input => ({ shape, dtype, values });

export const f32 = input("f32", "normal");
export const f16 = input("f16", "normal");
export const i32 = input("i32", [-20, 20]);
export const u32 = input("u32", [0, 40]);
export const bool = input("bool", [0, 1]);
/** f32 numbers as they stand. */
export const given = (...list: number[]): Input => ({ shape: [list.length], dtype: "f32", values: { list } });

/** One call of an op. */
export interface Sample<O> {
  inputs: readonly Input[];
  /** Handed to `run` and `expected`. */
  options?: O;
  /** Overrides the group's. */
  gradient?: GradientOrder;
}

/** How often the op may be differentiated: not at all, once (a kernel has a backward kernel, and that is it), or again and again. */
export type GradientOrder = 0 | 1 | 2;

/** A call that must throw. */
export interface Failure {
  inputs?: readonly Input[];
  run(inputs: readonly Tensor[]): unknown;
  message: string;
}

/** How many operations stand behind one element, for the tolerance: one or a few, or a sum over many. */
export type Precision = "exact" | "elementwise" | "summed" | "half";

export interface SampleOptions<O> {
  /** The op on tensors. */
  run(inputs: readonly Tensor[], options: O): Tensor | readonly Tensor[];
  /** The same on plain arrays, without the runtime: values, shape and dtype of each result. */
  expected(inputs: readonly Plain[], options: O): Plain | readonly Plain[];
  samples: readonly (Sample<O> | readonly Input[])[];
  /** Default 0. */
  gradient?: GradientOrder;
  /** Default elementwise. */
  precision?: Precision;
  failures?: readonly Failure[];
}

/** All samples of one op, for the op suite. */
export interface Samples {
  name: string;
  run(inputs: readonly Tensor[], options: unknown): readonly Tensor[];
  expected(inputs: readonly Plain[], options: unknown): readonly Plain[];
  samples: readonly (Required<Sample<unknown>> & { label: string })[];
  precision: Precision;
  failures: readonly Failure[];
}

/**
 * Says by example what an op does.
 *
 * ```ts
 * export const square = samples("square", {
 *   run: ([x]) => x!.square(),
 *   expected: pointwise((x) => x * x),
 *   samples: [[f32([2, 3])], [i32([0])]],
 *   gradient: 2,
 * });
 * ```
 */
export function samples<O = undefined>(name: string, options: SampleOptions<O>): Samples {
  const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? (value as readonly T[]) : [value as T]);
  return {
    name,
    run: (inputs, own) => list(options.run(inputs, own as O)),
    expected: (inputs, own) => list(options.expected(inputs, own as O)),
    samples: options.samples.map((sample) => {
      const { inputs, options: own, gradient = options.gradient ?? 0 } = "inputs" in sample ? sample : { inputs: sample };
      const label = `${inputs.map(({ shape, dtype }) => `${dtype}[${shape.join(", ")}]`).join(" ")}${own === undefined ? "" : ` ${JSON.stringify(own)}`}`;
      return { inputs, options: own, gradient, label };
    }),
    precision: options.precision ?? "elementwise",
    failures: options.failures ?? [],
  };
}
