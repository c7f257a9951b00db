import { contiguousStrides, sameShape, sizeOf } from "../shape.ts";
import { countBuffers, type Cluster, type ClusterEpilogue, type KernelCluster, type LoopCluster } from "./clusters.ts";
import type { Value } from "./graph.ts";
import { LoopBuilder, MustStore, type PathStep } from "./loop-builder.ts";

export interface EpilogueRules {
  isStored: (value: Value) => boolean;
  /** Memory of the program's results. */
  outputOwners: ReadonlySet<Value>;
  /** Values that are to be written over an argument, which loops can do and ops cannot. */
  donated: ReadonlySet<Value>;
  maxBuffers: number;
}

/** Kernel ops that run epilogues. */
const hosts: ReadonlySet<string> = new Set(["matmul"]);

/**
 * Moves loops that follow a matrix product, element by element, into the product's kernel: bias, activation, residual, or the gradient of an activation.
 *
 * A loop moves if all else that it reads was written before the product.
 */
export function attachEpilogues(clusters: readonly Cluster[], rules: EpilogueRules): Cluster[] {
  const positionOf = new Map<Value, number>();
  clusters.forEach(({ members }, position) => members.forEach((member) => positionOf.set(member, position)));
  const loops = clusters.map((cluster) => (cluster.kind === "loop" ? loadsOf(cluster, rules.isStored) : []));
  const readers = new Map<Value, number>();
  clusters.forEach((cluster, position) => {
    const read = cluster.kind === "loop" ? loops[position]! : cluster.inputs.map(({ value }) => value);
    for (const value of new Set(read)) readers.set(value, (readers.get(value) ?? 0) + 1);
  });

  const moved = new Set<number>();
  clusters.forEach((cluster, position) => {
    if (cluster.kind !== "loop" || cluster.axes || cluster.members.some((member) => rules.donated.has(member))) return;
    const before = loops[position]!.filter((value) => !cluster.members.includes(value)).map((value) => positionOf.get(value) ?? -1);
    const target = Math.max(-1, ...before);
    const kernel = clusters[target];
    if (kernel?.kind !== "kernel" || kernel.epilogue || !hosts.has(kernel.members[0]!.op.name)) return;
    const epilogue = tryEpilogue(kernel, cluster, rules, (readers.get(kernel.members[0]!) ?? 0) > 1);
    if (!epilogue) return;
    kernel.epilogue = epilogue;
    moved.add(position);
    for (const member of cluster.members) positionOf.set(member, target);
  });
  return clusters.filter((_, position) => !moved.has(position));
}

function tryEpilogue({ members: [result], inputs }: KernelCluster, { members, domain }: LoopCluster, rules: EpilogueRules, hasOtherReaders: boolean): ClusterEpilogue | undefined {
  const { shape } = result!.spec;
  const host = members.find(({ spec }) => spec.dtype === "f32");
  if (!host || sizeOf(domain) !== sizeOf(shape) || sizeOf(shape) === 0) return undefined;
  const builder = new LoopBuilder(rules.isStored);
  const path: PathStep[] = sameShape(domain, shape) ? [] : [{ step: { kind: "reshape", shape }, result: result! }];
  try {
    const results = members.map((member) => {
      const instruction = builder.evaluate(member, path);
      builder.define(member, instruction, shape);
      return instruction;
    });
    if (!readsAtOwnIndex(builder, result!)) return undefined;
    if (countBuffers([...builder.loaded, ...members, ...inputs.map(({ value }) => value)]) > rules.maxBuffers) return undefined;
    return { members, builder, results, keepsResult: hasOtherReaders || rules.outputOwners.has(result!), host };
  } catch (error) {
    // An axis cannot be split or joined without a copy.
    if (error instanceof MustStore) return undefined;
    throw error;
  }
}

/** Whether every load of `result` is of the element at the loops' own index. */
function readsAtOwnIndex({ code, loaded }: LoopBuilder, result: Value): boolean {
  const buffer = loaded.indexOf(result);
  const { shape } = result.spec;
  const own = contiguousStrides(shape);
  return code.instructions.every(
    (instruction) =>
      instruction.op !== "load" ||
      instruction.access.buffer !== buffer ||
      (instruction.guard === undefined && instruction.access.offset === 0 && shape.every((extent, axis) => extent === 1 || instruction.access.strides[axis] === own[axis])),
  );
}

function loadsOf({ members, axes }: LoopCluster, isStored: (value: Value) => boolean): Value[] {
  const builder = new LoopBuilder(isStored);
  for (const member of members) {
    if (axes) builder.read(member.inputs[0]!);
    else builder.define(member, builder.evaluate(member));
  }
  return [...builder.loaded];
}
