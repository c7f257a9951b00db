import { InternalError } from "@multiway/errors";
import { registerType } from "../dtype.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { applyViewSteps, contiguousView, type View, type ViewStep } from "../view.ts";
import { LoopBuilder, MustStore } from "./loop-builder.ts";
import type { Value } from "./graph.ts";
import { isExpression } from "./stored.ts";

/** How far back a value may move to join a cluster. More would stretch lifetimes, and undo recomputation. */
const joinWindow = 12;

/** A cluster does not grow beyond this many instructions: devices compile large kernels slowly, or not at all. */
const largestCluster = 2000;

/** Values that one loop kernel computes and stores together: all of one shape, or reductions over the same axes. */
export interface LoopCluster {
  kind: "loop";
  members: Value[];
  /** For reductions: the reduced axes of the input. */
  axes: readonly number[] | undefined;
  domain: readonly number[];
  numInstructions: number;
}

/** Pointwise values that a kernel op computes from its result while it is at hand. */
export interface ClusterEpilogue {
  members: readonly Value[];
  builder: LoopBuilder;
  /** The instruction of each member. */
  results: readonly number[];
  /** Whether the op's own result is stored too; if not, it passes through the memory of `host`. */
  keepsResult: boolean;
  host: Value;
}

/** All results of one kernel op. */
export interface KernelCluster {
  kind: "kernel";
  members: Value[];
  inputs: { value: Value; view: View }[];
  epilogue?: ClusterEpilogue;
}

export type Cluster = LoopCluster | KernelCluster;

export interface ClusterRules {
  isStored: (value: Value) => boolean;
  /** Results, and the arguments that they are written over. */
  overwrites: ReadonlyMap<Value, Value>;
  maxBuffers: number;
  fuses: boolean;
}

/**
 * Groups the stored values into kernels, in an order in which each kernel only reads what earlier ones wrote.
 *
 * A pointwise value joins an earlier cluster of its shape that shares memory with it, when everything else it reads was written before
 * that cluster; reductions over the same axes join in the same way.
 */
export function makeClusters(values: readonly Value[], stored: ReadonlySet<Value>, { isStored, overwrites, maxBuffers, fuses }: ClusterRules): Cluster[] {
  const clusters: Cluster[] = [];
  const positionOf = new Map<Value, number>();
  const loadsOf = new Map<Value, readonly Value[]>();

  for (const value of values) {
    if (!stored.has(value) || value.leaf) continue;
    if (value.op.kind === "kernel") {
      if (value.output !== 0) continue;
      const cluster: KernelCluster = { kind: "kernel", members: [...value.siblings], inputs: kernelInputs(value, isStored) };
      const position = clusters.push(cluster) - 1;
      for (const member of cluster.members) positionOf.set(member, position);
      continue;
    }
    const axes = value.op.kind === "reduction" && !value.step ? (value.attributes["axes"] as readonly number[]) : undefined;
    const domain = axes ? value.inputs[0]!.spec.shape : value.spec.shape;
    const { loads, numInstructions } = loadsFor(value, axes, isStored);
    loadsOf.set(value, loads);
    const latest = Math.max(-1, ...loads.map((load) => positionOf.get(load) ?? -1));
    let chosen = -1;
    if (fuses) {
      for (let position = clusters.length - 1; position >= Math.max(0, latest, clusters.length - joinWindow); position--) {
        const cluster = clusters[position]!;
        if (cluster.kind !== "loop" || !sameShape(cluster.domain, domain) || cluster.axes?.join() !== axes?.join() || cluster.numInstructions + numInstructions > largestCluster) continue;
        const shares = loads.some((load) => cluster.members.includes(load) || (isWorthSharing(load, domain) && cluster.members.some((member) => loadsOf.get(member)!.includes(load))));
        if (!shares) continue;
        // What the cluster itself writes may only be read at the same index.
        const own = loads.filter((load) => cluster.members.includes(load));
        if (own.length > 0 && (axes || !readsAtOwnIndex(value, own, isStored))) continue;
        if (countBuffers([...cluster.members, value, ...loads, ...cluster.members.flatMap((member) => loadsOf.get(member)!)], overwrites) > maxBuffers) continue;
        chosen = position;
        break;
      }
    }
    if (chosen < 0) chosen = clusters.push({ kind: "loop", members: [], axes, domain, numInstructions: 0 }) - 1;
    const cluster = clusters[chosen] as LoopCluster;
    cluster.members.push(value);
    cluster.numInstructions += numInstructions;
    positionOf.set(value, chosen);
    const excess = countBuffers([value, ...loads], overwrites) - maxBuffers;
    if (excess > 0) throw new MustStore(...partsToStore(value, stored, excess));
  }
  return clusters;
}

/** One element, such as a learning rate, costs each of many loops nothing; apart, they stay of one form, and run as one launch. */
const isWorthSharing = (load: Value, domain: readonly number[]): boolean => sizeOf(load.spec.shape) > 1 || sizeOf(domain) === 1;

const nothing: ReadonlyMap<Value, Value> = new Map();

/** How many buffers values lie in: all numbers of one dtype share one, and so do a result and the argument that it is written over. */
export const countBuffers = (values: readonly Value[], overwrites = nothing): number =>
  new Set(values.map((value) => (value.leaf?.kind === "scalar" ? value.spec.dtype : (overwrites.get(value) ?? value)))).size;

/** The memory that a value's code would load from, and the length of that code. */
function loadsFor(value: Value, axes: readonly number[] | undefined, isStored: (value: Value) => boolean): { loads: readonly Value[]; numInstructions: number } {
  const builder = new LoopBuilder(isStored);
  if (axes) builder.read(value.inputs[0]!);
  else builder.evaluate(value);
  return { loads: builder.loaded, numInstructions: builder.code.instructions.length };
}

function readsAtOwnIndex(value: Value, own: readonly Value[], isStored: (value: Value) => boolean): boolean {
  const builder = new LoopBuilder(isStored);
  for (const load of own) builder.define(load, builder.code.constant(0, registerType(load.spec.dtype)));
  builder.evaluate(value);
  return !own.some((load) => builder.loaded.includes(load));
}

/** As many buffers as a part of an expression touches that is worth storing. */
const buffersOfPart = 4;

/** Which parts of an expression to store when it touches too many buffers by `excess`: several at once, so that those of a sum of sums can run together. */
function partsToStore(value: Value, stored: ReadonlySet<Value>, excess: number): Value[] {
  const parts: Value[] = [];
  let left = excess;
  const visit = (part: Value): void => {
    if (left <= 0 || part.leaf || stored.has(part) || parts.includes(part)) return;
    const count = countLoads(part, stored);
    if (part.step || !isExpression(part) || count > buffersOfPart) return part.inputs.forEach((input) => visit(input));
    if (count < buffersOfPart) return;
    parts.push(part);
    left -= count - 1;
  };
  for (const input of value.inputs) visit(input);
  return parts.length > 0 ? parts : [heaviestInput(value, stored)];
}

/** The input that itself touches most. */
function heaviestInput(value: Value, stored: ReadonlySet<Value>): Value {
  let current = value;
  for (;;) {
    let best: Value | undefined;
    let most = 1;
    for (const input of current.inputs) {
      let root = input;
      while (root.step) root = root.inputs[0]!;
      if (root.leaf || stored.has(root) || (root.op.kind !== "pointwise" && root.op.kind !== "assemble")) continue;
      const count = countLoads(root, stored);
      if (count > most) {
        best = root;
        most = count;
      }
    }
    if (!best) {
      if (current === value) throw new InternalError(`${value.op.name} with ${value.inputs.length} inputs touches more buffers than the device allows.`);
      return current;
    }
    if (most <= 4 && current !== value) return current;
    current = best;
    if (most <= 4) return current;
  }
}

function countLoads(value: Value, stored: ReadonlySet<Value>): number {
  const seen = new Set<Value>();
  const loaded: Value[] = [];
  const visit = (v: Value) => {
    if (seen.has(v)) return;
    seen.add(v);
    if (v.leaf || stored.has(v)) loaded.push(v);
    else v.inputs.forEach(visit);
  };
  value.inputs.forEach(visit);
  return countBuffers(loaded);
}

/** How a kernel op reads its inputs; copies what has no fitting strides. */
function kernelInputs(value: Value, isStored: (value: Value) => boolean): { value: Value; view: View }[] {
  const { op } = value;
  if (op.kind !== "kernel") throw new InternalError(`${op.name} is no kernel op.`);
  const layouts = op.layout?.(
    value.inputs.map((input) => input.spec),
    value.siblings.map((sibling) => sibling.spec),
    value.attributes,
  );
  return value.inputs.map((input, position) => {
    const steps: ViewStep[] = [];
    let root = input;
    while (root.step && !isStored(root)) {
      steps.unshift(root.step);
      root = root.inputs[0]!;
    }
    if (layouts) steps.push({ kind: "reshape", shape: layouts.inputs[position]! });
    const view = applyViewSteps(contiguousView(root.spec.shape), steps);
    if ("failedAt" in view) throw new MustStore(input);
    const last = view.shape.length - 1;
    if (!op.anyStrides && last >= 0 && view.shape[last]! > 1 && view.strides[last] !== 1) throw new MustStore(input);
    return { value: root, view };
  });
}
