import type { MathFunction } from "../wgsl/math.ts";
import { subgroupPlace } from "../wgsl/subgroup-place.ts";
import { join, neutral, nowhere, type Accumulator } from "./accumulator.ts";

/**
 * Joins the accumulators of all threads of a workgroup: within subgroups, then the first of each subgroup leaves what it has in workgroup memory (the
 * others leave what changes nothing), and every subgroup joins all of that again. Right for subgroups of any size, and of uneven ones.
 */
export function subgroupTree(accumulators: readonly Accumulator[], threads: number, use: (name: MathFunction) => void): string[] {
  const within = accumulators.flatMap((accumulator) => joinSubgroup(accumulator, use));
  const reset = accumulators.flatMap(({ value, position, ...of }) => [`${value} = ${neutral({ value, ...of }, use)};`, ...(position ? [`${position} = ${nowhere};`] : [])]);
  return [
    subgroupPlace,
    ...within,
    `if (place.x != 0u) {`,
    ...reset.map((line) => `  ${line}`),
    `}`,
    ...accumulators.flatMap(({ value, position }) => [`shared_${value}[lane] = ${value};`, ...(position ? [`shared_${position}[lane] = ${position};`] : [])]),
    `workgroupBarrier();`,
    ...reset,
    `for (var i = place.x; i < ${threads}u; i += place.y) {`,
    ...accumulators
      .flatMap((accumulator) => {
        const { value, position } = accumulator;
        return [`let other_${value} = shared_${value}[i];`, ...join(accumulator, `other_${value}`, position ? `shared_${position}[i]` : "", use)];
      })
      .map((line) => `  ${line}`),
    `}`,
    ...within,
  ];
}

function joinSubgroup({ combine, type, value, position }: Accumulator, use: (name: MathFunction) => void): string[] {
  switch (combine) {
    case "sum":
      return [`${value} = subgroupAdd(${value});`];
    case "product":
      return [`${value} = subgroupMul(${value});`];
    case "any":
      return [`${value} = subgroupAny(${value});`];
    case "all":
      return [`${value} = subgroupAll(${value});`];
    case "maximum":
    case "minimum": {
      const largest = combine === "maximum";
      return [`${value} = ${fromOrder(type, `${largest ? "subgroupMax" : "subgroupMin"}(${toOrder(type, value, largest, use)})`)};`];
    }
    case "argMax":
    case "argMin": {
      const largest = combine === "argMax";
      // Zeros of both signs are equal here.
      const unsigned = type === "f32" ? `select(${value}, 0.0f, ${value} == 0.0f)` : value;
      return [
        `{`,
        `  let order = ${toOrder(type, unsigned, largest, use)};`,
        `  let best = ${largest ? "subgroupMax" : "subgroupMin"}(order);`,
        `  ${position} = subgroupMin(select(${nowhere}, ${position}, order == best));`,
        `  ${value} = ${fromOrder(type, "best")};`,
        `}`,
      ];
    }
  }
}

/** Whole numbers in the order of the values, NaN the most extreme: what a subgroup makes of NaN as a float is the driver's choice. */
function toOrder(type: Accumulator["type"], value: string, largest: boolean, use: (name: MathFunction) => void): string {
  if (type === "bool") return `u32(${value})`;
  if (type !== "f32") return value;
  use("order");
  return `order_of(${value}, ${largest ? "0xffffffffu" : "0u"})`;
}

const fromOrder = (type: Accumulator["type"], order: string): string => (type === "bool" ? `${order} != 0u` : type === "f32" ? `value_of(${order})` : order);
