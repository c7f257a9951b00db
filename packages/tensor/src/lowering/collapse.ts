import type { Access, Instruction, Store } from "../kernel-ir.ts";

export interface Nest {
  /** Kept axes. */
  extents: number[];
  /** Reduced axes, numbered behind the kept ones. */
  reduced: number[];
  /** Instruction lists in which the accesses and indices stand. */
  lists: Instruction[][];
  stores: Store[];
}

/**
 * Drops axes of extent 1 and joins neighbouring axes that every access walks as one, so that most nests end with one or two loops.
 * Axes whose index the code reads stay apart.
 */
export function collapseNest(nest: Nest): Nest {
  const extents = [...nest.extents, ...nest.reduced];
  const numKept = nest.extents.length;
  const indexed = new Set<number>();
  const accesses: Access[] = nest.stores.map((store) => store.access);
  for (const list of nest.lists) {
    for (const instruction of list) {
      if (instruction.op === "index") indexed.add(instruction.axis);
      else if (instruction.op === "load") accesses.push(instruction.access);
    }
  }
  // groups[g] lists the old axes that become axis g, outermost first.
  const groups: number[][] = [];
  extents.forEach((extent, axis) => {
    if (extent === 1 && !indexed.has(axis)) return;
    const last = groups[groups.length - 1];
    const previous = last?.[last.length - 1];
    const joins =
      previous !== undefined &&
      previous < numKept === axis < numKept &&
      !indexed.has(axis) &&
      !indexed.has(previous) &&
      accesses.every(({ strides }) => (strides[previous] ?? 0) === (strides[axis] ?? 0) * extent);
    if (joins) last!.push(axis);
    else groups.push([axis]);
  });
  const keptGroups = groups.filter((group) => group[0]! < numKept);
  const reducedGroups = groups.filter((group) => group[0]! >= numKept);
  // A reduction keeps an axis even when all its axes have extent 1.
  if (nest.reduced.length > 0 && reducedGroups.length === 0) {
    reducedGroups.push([extents.length - 1]);
    groups.push(reducedGroups[0]!);
  }
  const newAxis = new Map<number, number>();
  groups.forEach((group, position) => newAxis.set(group[group.length - 1]!, position));
  const rewrite = (access: Access): Access => ({
    buffer: access.buffer,
    offset: access.offset,
    strides: groups.map((group) => access.strides[group[group.length - 1]!] ?? 0).slice(0, access.strides.length <= numKept ? keptGroups.length : undefined),
  });
  const product = (group: number[]) => group.reduce((size, axis) => size * extents[axis]!, 1);
  return {
    extents: keptGroups.map(product),
    reduced: reducedGroups.map(product),
    lists: nest.lists.map((list) =>
      list.map((instruction) => {
        if (instruction.op === "index") return { ...instruction, axis: newAxis.get(instruction.axis)! };
        if (instruction.op === "load") return { ...instruction, access: rewrite(instruction.access) };
        return instruction;
      }),
    ),
    stores: nest.stores.map((store) => ({ ...store, access: rewrite(store.access) })),
  };
}
