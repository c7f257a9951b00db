import { bytesOf, type LoopKernel } from "@multiway/tensor/device";
import { i32 } from "../assembler/index.ts";
import { kernelFunction, phase, type Argument, type GeneratedKernel, type Phase } from "../kernels/kernel.ts";
import { affineForms, costOf, cutAxis, nestOf, type Nest } from "./nest.ts";
import { emitPointwise, emitScalar } from "./pointwise.ts";
import { emitReductionAcrossVectors, emitReductionAlongVectors } from "./reduction.ts";
import { splitReduction } from "./split.ts";

/** Work of one task in elements of a plain copy: some microseconds, far more than it costs to hand a task out. */
const elementsPerTask = 8192;

/** As many tasks keep all threads busy. */
const minTasks = 32;

/** A cache line. */
const tileWidth = 16;

const product = (axes: readonly { extent: number }[]): number => axes.reduce((total, { extent }) => total * extent, 1);

/** WebAssembly for a loop kernel: one phase, or two where few results are made of many elements. */
export function generateLoop(kernel: LoopKernel): GeneratedKernel {
  const nest = nestOf(kernel);
  if (product(nest.kept) === 0) return { phases: [] };
  const numBuffers = kernel.buffers.length;
  const own = (count: number): Argument[] => Array.from({ length: count }, (_, buffer) => ({ buffer }));
  const split = splitReduction(nest, chooseVectorAxis(nest));
  if (!split) return { phases: [phaseOf(nest, own(numBuffers))] };
  const offsets: number[] = [];
  let workspaceBytes = 0;
  for (const { dtype, length } of split.parts) {
    offsets.push(workspaceBytes);
    workspaceBytes += Math.ceil((length * bytesOf(dtype)) / 64) * 64;
  }
  const values = [...own(numBuffers), ...offsets.map((workspaceOffsetBytes) => ({ workspaceOffsetBytes }))];
  return { phases: [phaseOf(split.first, values), phaseOf(split.second, values)], workspaceBytes };
}

function phaseOf(nest: Nest, values: readonly Argument[]): Phase {
  const parameters = Object.fromEntries(values.map((_, index) => [`b${index}`, "i32"] as const));
  const vectorAxis = chooseVectorAxis(nest);
  const isReduction = nest.results.length > 0;
  const isAlong = isReduction && vectorAxis !== undefined && vectorAxis >= nest.kept.length;
  const work = Math.max(1, product(nest.reduced)) * Math.max(1, Math.ceil((costOf(nest.reductionBody) + costOf(nest.body)) / 8));
  const { nest: cut, lanesAxis, rowAxes } = layOut(nest, vectorAxis, isReduction, isAlong, work);
  const rows = product(rowAxes.map((axis) => cut.kept[axis]!));
  const workPerRow = work * (lanesAxis !== undefined && !isAlong ? cut.kept[lanesAxis]!.extent : 1);
  const rowsPerTask = Math.max(1, Math.round(elementsPerTask / workPerRow));
  const definition = kernelFunction({
    key: `loop ${rowsPerTask} ${lanesAxis} ${rowAxes.join()} ${JSON.stringify(cut)}`,
    parameters,
    body(code, named) {
      const { firstTask, endTask } = named;
      const bases = values.map((_, index) => named[`b${index}`]!);
      if (lanesAxis === undefined && !isReduction) return emitScalar(code, cut, bases);
      const firstRow = code.let(i32.mul(firstTask, rowsPerTask));
      const endRow = code.let(i32.mul(endTask, rowsPerTask));
      code.set(endRow, i32.minS(endRow, i32.const(rows)));
      if (!isReduction) emitPointwise(code, cut, lanesAxis!, rowAxes, bases, firstRow, endRow);
      else if (lanesAxis !== undefined && !isAlong) emitReductionAcrossVectors(code, cut, lanesAxis, bases, firstRow, endRow);
      else emitReductionAlongVectors(code, cut, lanesAxis!, bases, firstRow, endRow);
    },
  });
  return phase(definition, Math.ceil(rows / rowsPerTask), Object.fromEntries(values.map((value, index) => [`b${index}`, value])));
}

interface LoopLayout {
  nest: Nest;
  /** Undefined for a scalar. */
  lanesAxis: number | undefined;
  /** The kept axes that rows run over, the last one fastest. */
  rowAxes: number[];
}

/** Cuts a long vector axis, so that there are tasks to share and memory is used in good order. */
function layOut(nest: Nest, vectorAxis: number | undefined, isReduction: boolean, isAlong: boolean, work: number): LoopLayout {
  const without = (kept: Nest["kept"], ...left: (number | undefined)[]): number[] => kept.map((_, axis) => axis).filter((axis) => !left.includes(axis));
  const whole = { nest, lanesAxis: vectorAxis, rowAxes: without(nest.kept, vectorAxis) };
  if (vectorAxis === undefined || isAlong) return whole;
  const { extent } = nest.kept[vectorAxis]!;
  if (isReduction) {
    // Neighbours in memory stay in one task as long as there are tasks enough.
    const otherRows = product(nest.kept) / Math.max(1, extent);
    const length = Math.max(64, Math.ceil((extent * Math.min(otherRows, minTasks)) / minTasks / 64) * 64);
    return extent > 1.5 * length ? cutBeside(length) : whole;
  }
  const across = crossingAxis(nest, vectorAxis);
  if (across !== undefined && extent >= 2 * tileWidth) {
    // Loads go across memory: take a few columns at a time, and walk along memory next, so that a cache line is used up before it leaves the cache.
    const cut = cutAxis(nest, vectorAxis, tileWidth, vectorAxis);
    const moved = across < vectorAxis ? across : across + 1;
    return { nest: cut, lanesAxis: vectorAxis + 1, rowAxes: [...without(cut.kept, vectorAxis + 1, moved), moved] };
  }
  // Pieces are multiples of the widest round.
  const length = Math.max(1024, Math.ceil(elementsPerTask / work / 64) * 64);
  return extent > 1.5 * length ? cutBeside(length) : whole;

  function cutBeside(length: number): LoopLayout {
    const cut = cutAxis(nest, vectorAxis!, length, vectorAxis!);
    return { nest: cut, lanesAxis: vectorAxis! + 1, rowAxes: without(cut.kept, vectorAxis! + 1) };
  }
}

/** A kept axis along which a load is contiguous that jumps along the vector axis. */
function crossingAxis(nest: Nest, vectorAxis: number): number | undefined {
  for (const instruction of nest.body) {
    if (instruction.op !== "load" || Math.abs(instruction.access.strides[vectorAxis]!) <= 1) continue;
    const axis = nest.kept.findIndex(({ extent }, kept) => extent >= 4 && instruction.access.strides[kept] === 1);
    if (axis >= 0) return axis;
  }
  return undefined;
}

/**
 * The axis whose neighbours share a vector. Accesses of stride 1 and 0 are one instruction for four elements, others four; a short axis leaves lanes empty.
 * Undefined when there is no axis at all.
 */
export function chooseVectorAxis(nest: Nest): number | undefined {
  const numKept = nest.kept.length;
  const axes = [...nest.kept, ...nest.reduced];
  const isReduction = nest.results.length > 0;
  const forms = isReduction ? affineForms({ ...nest, body: [], stores: [] }) : affineForms(nest);
  const numberedBy = new Set(axes.map((axis) => axis.piece?.chunkAxis));
  let best: number | undefined;
  let bestScore = -1;
  axes.forEach(({ extent }, axis) => {
    // Lanes of one vector would be pieces of different lengths.
    if (numberedBy.has(axis)) return;
    const fit = forms.reduce((sum, strides) => sum + (strides[axis] === 1 || strides[axis] === 0 ? 4 : 1), 1);
    const filled = extent === 0 ? 0 : extent / (Math.ceil(extent / 4) * 4);
    // Joining lanes at the end of a short row costs as much as several vectors.
    const joining = axis >= numKept ? extent / (extent + 16) : 1;
    const score = fit * filled * joining;
    if (score >= bestScore) {
      best = axis;
      bestScore = score;
    }
  });
  return best;
}
