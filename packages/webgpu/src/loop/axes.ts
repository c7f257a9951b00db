import type { Access, Instruction, LoopKernel } from "@multiway/tensor/device";

export function loadsOf(kernel: LoopKernel): Access[] {
  return [...(kernel.reduction?.body ?? []), ...kernel.body].flatMap((instruction) => (instruction.op === "load" ? [instruction.access] : []));
}

/** The accesses of a kernel, loads and stores. */
export function accessesOf(kernel: LoopKernel): Access[] {
  return [...loadsOf(kernel), ...kernel.stores.map((store) => store.access)];
}

/**
 * The same kernel with fewer axes: axes of extent 1 go, and neighbours that every access walks as one become one. A contiguous elementwise
 * kernel of any rank ends with one axis, whose index needs no division. Order is kept, so positions of argMax stay right.
 */
export function collapseAxes(kernel: LoopKernel): LoopKernel {
  const numKept = kernel.extents.length;
  const extents = [...kernel.extents, ...(kernel.reduction?.extents ?? [])];
  const accesses = accessesOf(kernel);
  const read = new Set<number>();
  for (const instruction of [...(kernel.reduction?.body ?? []), ...kernel.body]) if (instruction.op === "index") read.add(instruction.axis);

  /** Each group is a run of old axes that become one. */
  const groups: number[][] = [];
  extents.forEach((extent, axis) => {
    if (extent === 1 && !read.has(axis)) return;
    const last = groups.at(-1);
    const before = last?.at(-1);
    const sameNest = before !== undefined && before < numKept === axis < numKept;
    const joins = sameNest && !read.has(axis) && !read.has(before) && accesses.every(({ strides }) => (strides[before] ?? 0) === (strides[axis] ?? 0) * extent);
    if (joins) last!.push(axis);
    else groups.push([axis]);
  });

  const renumbered = new Map(groups.map((group, index) => [group[0]!, index]));
  const strides = (access: Access): Access => ({ ...access, strides: groups.map((group) => access.strides[group.at(-1)!] ?? 0) });
  const rewrite = (instruction: Instruction): Instruction =>
    instruction.op === "load" ? { ...instruction, access: strides(instruction.access) } : instruction.op === "index" ? { ...instruction, axis: renumbered.get(instruction.axis)! } : instruction;
  const extentOf = (group: number[]): number => group.reduce((product, axis) => product * extents[axis]!, 1);
  const kept = groups.filter((group) => group[0]! < numKept);
  const reduced = groups.filter((group) => group[0]! >= numKept);
  return {
    ...kernel,
    extents: kept.map(extentOf),
    ...(kernel.reduction && { reduction: { ...kernel.reduction, extents: reduced.map(extentOf), body: kernel.reduction.body.map(rewrite) } }),
    body: kernel.body.map(rewrite),
    stores: kernel.stores.map((store) => ({ ...store, access: strides(store.access) })),
  };
}

/** `let i0 = …; let i1 = …;`: the indices of row-major axes from their flat number (u32), innermost fastest. */
export function decodeIndices(flat: string, extents: readonly number[], name: (axis: number) => string): string[] {
  const lines: string[] = [];
  let inner = 1;
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const quotient = inner === 1 ? flat : `${flat} / ${inner}u`;
    lines.unshift(`let ${name(axis)} = i32(${axis === 0 ? quotient : `(${quotient}) % ${extents[axis]}u`});`);
    inner *= extents[axis]!;
  }
  return lines;
}

/** `offset + Σ stride · index` as an i32 expression. */
export function addressOf(access: Access, indices: readonly string[]): string {
  const terms = indices.flatMap((index, axis) => {
    const stride = access.strides[axis] ?? 0;
    return stride === 0 ? [] : [stride === 1 ? index : `${index} * ${stride}`];
  });
  if (access.offset !== 0 || terms.length === 0) terms.push(String(access.offset));
  return terms.join(" + ");
}
