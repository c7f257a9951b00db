import { sizeOf, type LoopKernel, type Reduction } from "@multiway/tensor/device";
import { mathText, type MathFunction } from "../wgsl/math.ts";
import type { Plan, PlanLimits, Stage } from "../wgsl/stage.ts";
import { isArg, join, nowhere, start, type Accumulator } from "./accumulator.ts";
import { decodeIndices } from "./axes.ts";
import { writeBody, writeStores, type Surroundings } from "./body.ts";
import { loopViews } from "./pointwise.ts";
import { subgroupTree } from "./subgroup-tree.ts";

/** How a reduction is spread over threads; chosen by shape alone, so that sums are the same in every run. */
export interface ReductionShape {
  /** Threads that work on one output. */
  lanes: number;
  workgroupSize: number;
  /** Pieces of the reduced extent, each reduced by workgroups of its own and joined by a second dispatch. */
  splits: number;
  /** Neighbouring threads take neighbouring reduced indices (true) or neighbouring outputs (false), whichever is contiguous in memory. */
  alongReduced: boolean;
  /** The lanes of an output, a whole workgroup, join within subgroups first. */
  bySubgroups: boolean;
}

export function reductionShape(kernel: LoopKernel, reduction: Reduction, { abilities }: PlanLimits): ReductionShape {
  const outputs = sizeOf(kernel.extents);
  const reduced = sizeOf(reduction.extents);
  const innermost = kernel.extents.length + reduction.extents.length - 1;
  const lastKept = kernel.extents.length - 1;
  const loads = reduction.body.flatMap((instruction) => (instruction.op === "load" ? [instruction.access.strides] : []));
  const contiguousReduced = loads.filter((strides) => strides[innermost] === 1).length;
  const contiguousKept = lastKept < 0 ? 0 : loads.filter((strides) => strides[lastKept] === 1).length;
  const alongReduced = contiguousKept === 0 || contiguousReduced >= contiguousKept;
  const bySubgroups = abilities.subgroups !== undefined && alongReduced && reduced > 32;
  let lanes = 1;
  if (reduced > 32) {
    if (alongReduced) lanes = reduced <= 128 && !bySubgroups ? 32 : reduced <= 512 ? 64 : 256;
    else if (outputs < 32768) lanes = outputs <= 64 ? 32 : 8;
  }
  const workgroupSize = lanes === 1 ? 64 : Math.max(lanes, lanes === 256 || alongReduced ? 64 : 256);
  // Few outputs of a long extent would leave most of a GPU idle.
  const splits = Math.max(1, Math.min(Math.floor(65536 / Math.max(outputs * lanes, 1)), Math.floor(reduced / (lanes * 16)), 256));
  return { lanes, workgroupSize, splits, alongReduced, bySubgroups };
}

export function planReduction(kernel: LoopKernel, reduction: Reduction, limits: PlanLimits): Plan {
  const shape = reductionShape(kernel, reduction, limits);
  const outputs = sizeOf(kernel.extents);
  const used = new Set<MathFunction>();
  const use = (name: MathFunction): void => void used.add(name);
  const numKept = kernel.extents.length;
  const kept = kernel.extents.map((_, axis) => `i${axis}`);
  const indices = [...kept, ...reduction.extents.map((_, axis) => `i${numKept + axis}`)];
  const accumulators = reduction.results.map(({ combine, value }, k): Accumulator => {
    const type = reduction.body[value]!.type;
    return { combine, type, value: `a${k}`, ...(isArg(combine) && { position: `p${k}` }) };
  });
  const around = (prefix: string, names: string[]): Surroundings => ({ buffers: kernel.buffers, indices: names, prefix, reduced: accumulators.map(({ position, value }) => position ?? value), use });
  const finish = (): string[] => {
    const after = around("v", kept);
    const body = writeBody(kernel.body, after);
    const settled = accumulators.flatMap(({ position }) => (position ? [`${position} = select(${position}, 0i, ${position} == ${nowhere});`] : []));
    return [...settled, ...body.lines, ...writeStores(kernel.stores, after, body.name)];
  };

  const { lanes, workgroupSize, splits, alongReduced, bySubgroups } = shape;
  const directives = bySubgroups ? { directives: ["enable subgroups;"] } : {};
  const perGroup = workgroupSize / lanes;
  const total = sizeOf(reduction.extents);
  const chunk = Math.ceil(total / splits);
  const blocks = Math.ceil(outputs / perGroup);
  const inner = writeBody(reduction.body, around("r", indices));
  const loop = [
    // An empty range instead of a return: barriers follow.
    `let first = ${splits > 1 ? `split * ${chunk}u` : "0u"}${lanes > 1 ? " + part" : ""};`,
    `let end = select(0u, ${splits > 1 ? `min((split + 1u) * ${chunk}u, ${total}u)` : `${total}u`}, output < ${outputs}u);`,
    `for (var flat = first; flat < end; flat += ${lanes}u) {`,
    ...decodeIndices("flat", reduction.extents, (axis) => `i${numKept + axis}`).map(indent),
    ...inner.lines.map(indent),
    ...accumulators.flatMap((accumulator, k) => join(accumulator, inner.name(reduction.results[k]!.value), "i32(flat)", use)).map(indent),
    `}`,
  ];
  const lines = [
    ...(splits > 1 ? [`let split = group / ${blocks}u;`, `let block = group % ${blocks}u;`] : [`let block = group;`]),
    ...(lanes === 1
      ? [`let output = block * ${workgroupSize}u + lane;`]
      : alongReduced
        ? [`let part = lane % ${lanes}u;`, `let output = block * ${perGroup}u + lane / ${lanes}u;`]
        : [`let part = lane / ${perGroup}u;`, `let output = block * ${perGroup}u + lane % ${perGroup}u;`]),
    ...decodeIndices("output", kernel.extents, (axis) => `i${axis}`),
    ...accumulators.flatMap((accumulator) => start(accumulator, use)),
    ...(total === 0 ? [] : loop),
    ...(bySubgroups ? subgroupTree(accumulators, workgroupSize, use) : lanes > 1 ? tree(accumulators, shape, use) : []),
    `if (output < ${outputs}u${lanes > 1 ? " && part == 0u" : ""}) {`,
    ...(splits > 1 ? savePartials(accumulators, splits, outputs) : finish()).map(indent),
    `}`,
  ];
  const label = kernel.label;
  const views = loopViews(kernel);
  const shared = lanes > 1 ? sharedVariables(accumulators, workgroupSize) : [];
  const text = (statements: string[]): string => statements.map(indent).join("\n");
  if (splits === 1) return { scratchBytes: [], stages: [{ label, views, workgroupSize, workgroups: blocks, ...directives, declarations: [mathText(used), ...shared].join("\n"), body: text(lines) }] };

  const words = accumulators.reduce((count, { position }) => count + (position ? 2 : 1), 0);
  const partials = { name: "partials", buffer: { scratch: 0 }, element: "u32" } as const;
  const written = new Set(kernel.stores.map(({ access }) => access.buffer));
  const readBefore = new Set(reduction.body.flatMap((instruction) => (instruction.op === "load" ? [instruction.access.buffer] : [])));
  const readAfter = new Set(kernel.body.flatMap((instruction) => (instruction.op === "load" ? [instruction.access.buffer] : [])));
  const first: Stage = {
    label: `${label} partial`,
    views: [...views.filter((_, index) => readBefore.has(index)).map((view) => ({ ...view, access: "read" as const })), { ...partials, access: "write" }],
    workgroupSize,
    workgroups: blocks * splits,
    ...directives,
    declarations: [mathText(used), ...shared].join("\n"),
    body: text(lines),
  };
  used.clear();
  const join2 = [
    `let output = group * 64u + lane;`,
    `if (output >= ${outputs}u) { return; }`,
    ...decodeIndices("output", kernel.extents, (axis) => `i${axis}`),
    ...accumulators.flatMap((accumulator) => start(accumulator, use)),
    `for (var split = 0u; split < ${splits}u; split++) {`,
    ...loadPartials(accumulators, splits, outputs, use).map(indent),
    `}`,
    ...finish(),
  ];
  const second: Stage = {
    label: `${label} join`,
    views: [...views.filter((_, index) => readAfter.has(index) || written.has(index)), { ...partials, access: "read" }],
    workgroupSize: 64,
    workgroups: Math.ceil(outputs / 64),
    declarations: mathText(used),
    body: text(join2),
  };
  return { scratchBytes: [words * outputs * splits * 4], stages: [first, second] };
}

const indent = (line: string): string => `  ${line}`;

function sharedVariables(accumulators: readonly Accumulator[], size: number): string[] {
  return accumulators.flatMap(({ type, value, position }) => [
    `var<workgroup> shared_${value}: array<${type}, ${size}>;`,
    ...(position ? [`var<workgroup> shared_${position}: array<i32, ${size}>;`] : []),
  ]);
}

/** Halves the lanes of each output until one is left, in a fixed order. */
function tree(accumulators: readonly Accumulator[], { lanes, workgroupSize, alongReduced }: ReductionShape, use: (name: MathFunction) => void): string[] {
  const step = alongReduced ? 1 : workgroupSize / lanes;
  const save = accumulators.flatMap(({ value, position }) => [`shared_${value}[lane] = ${value};`, ...(position ? [`shared_${position}[lane] = ${position};`] : [])]);
  return [
    ...save,
    `workgroupBarrier();`,
    `for (var half = ${lanes / 2}u; half > 0u; half >>= 1u) {`,
    `  if (part < half) {`,
    `    let other = lane + half * ${step}u;`,
    ...accumulators.flatMap((accumulator) => {
      const { value, position } = accumulator;
      return [`let other_${value} = shared_${value}[other];`, ...join(accumulator, `other_${value}`, position ? `shared_${position}[other]` : "", use)];
    }).map((line) => `    ${line}`),
    ...save.map((line) => `    ${line}`),
    `  }`,
    `  workgroupBarrier();`,
    `}`,
  ];
}

/** Partial results lie as [word of result][split][output], as raw bits. */
function savePartials(accumulators: readonly Accumulator[], splits: number, outputs: number): string[] {
  let word = 0;
  const save = (bits: string): string => `store_partials((${splits * word++}u + split) * ${outputs}u + output, ${bits});`;
  return accumulators.flatMap(({ type, value, position }) => [
    save(type === "bool" ? `u32(${value})` : type === "u32" ? value : `bitcast<u32>(${value})`),
    ...(position ? [save(`bitcast<u32>(${position})`)] : []),
  ]);
}

function loadPartials(accumulators: readonly Accumulator[], splits: number, outputs: number, use: (name: MathFunction) => void): string[] {
  let word = 0;
  const load = (): string => `load_partials((${splits * word++}u + split) * ${outputs}u + output)`;
  return accumulators.flatMap((accumulator, k) => {
    const bits = load();
    const value = accumulator.type === "bool" ? `${bits} != 0u` : accumulator.type === "u32" ? bits : `bitcast<${accumulator.type}>(${bits})`;
    return [
      `let x${k} = ${value};`,
      ...(accumulator.position ? [`let at${k} = bitcast<i32>(${load()});`] : []),
      ...join(accumulator, `x${k}`, `at${k}`, use),
    ];
  });
}
