import { sizeOf } from "../shape.ts";
import type { Value } from "./graph.ts";
import { isCostly } from "./stored.ts";

export interface Ahead {
  /** In an order in which they can be evaluated. */
  values: readonly Value[];
  /** Expressions that are evaluated ahead, and so must be stored. */
  stored: readonly Value[];
}

/**
 * Finds costly expressions that are better evaluated as soon as the matrix product that they are made of is at hand, and puts them there: those without which nobody would
 * read the product later on. They take its place in memory, and their reader, which would have computed them from it, merely loads them.
 *
 * Such is the slope of an activation, which the backward pass multiplies with: found beside the activation it shares half of its work, and costs the kernel of the backward pass nothing.
 */
export function evaluateAhead(values: readonly Value[], outputs: readonly Value[]): Ahead {
  const positions = new Map(values.map((value, position) => [value, position]));
  const readers = new Map<Value, Value[]>();
  for (const value of values) for (const input of new Set(value.inputs)) readers.set(input, [...(readers.get(input) ?? []), value]);
  const isOutput = new Set(outputs);

  /** By the value behind which they come. */
  const moved = new Map<Value, Value>();
  for (const product of values) {
    if (product.op.name !== "matmul" || product.leaf || product.spec.dtype !== "f32" || isOutput.has(product)) continue;
    const derived = derivedFrom(product, { positions, readers });
    if (!(readers.get(product) ?? []).every((reader) => derived.has(reader))) continue;
    const frontier = [...derived.keys()].filter((value) => isOutput.has(value) || readers.get(value)?.some((reader) => !derived.has(reader)));
    const late = frontier.filter((value) => isPointwise(value) && value.spec.dtype === "f32" && derived.get(value)! && !isOutput.has(value) && readers.get(value)?.every(isPointwise));
    const [first, second] = late;
    if (!first || second || frontier.length < 2) continue;
    const others = frontier.filter((value) => value !== first);
    const behind = others.reduce((last, value) => (positions.get(value)! > positions.get(last)! ? value : last));
    if (positions.get(behind)! < positions.get(first)!) moved.set(behind, first);
  }
  if (moved.size === 0) return { values, stored: [] };

  const ordered = new Set<Value>();
  const place = (value: Value): void => {
    if (ordered.has(value)) return;
    for (const input of value.inputs) place(input);
    for (const sibling of value.siblings.length > 0 ? value.siblings : [value]) ordered.add(sibling);
  };
  for (const value of values) {
    place(value);
    const next = moved.get(value);
    if (next) place(next);
  }
  return { values: [...ordered], stored: [...moved.values()] };
}

interface Places {
  positions: ReadonlyMap<Value, number>;
  readers: ReadonlyMap<Value, readonly Value[]>;
}

/** What can be computed element by element from a value, and from what is there before it; of each, whether a costly op is on the way. */
function derivedFrom(source: Value, { positions, readers }: Places): Map<Value, boolean> {
  const size = sizeOf(source.spec.shape);
  const derived = new Map<Value, boolean>();
  const isThere = (value: Value): boolean => {
    let root = value;
    while (root.step) root = root.inputs[0]!;
    return root.leaf !== undefined || root.op.name === "full" || positions.get(root)! < positions.get(source)!;
  };
  const queue = [...(readers.get(source) ?? [])];
  for (let reader = queue.shift(); reader; reader = queue.shift()) {
    if (derived.has(reader) || sizeOf(reader.spec.shape) !== size || !(isPointwise(reader) || isReshape(reader))) continue;
    if (!reader.inputs.every((input) => input === source || derived.has(input) || isThere(input))) continue;
    derived.set(reader, isCostly(reader) || reader.inputs.some((input) => derived.get(input)));
    queue.push(...(readers.get(reader) ?? []));
  }
  return derived;
}

const isPointwise = ({ op, step, leaf }: Value): boolean => op.kind === "pointwise" && !step && !leaf;
const isReshape = ({ op, step }: Value): boolean => op.name !== "barrier" && step?.kind === "reshape";
