import { bytesOf, type LoopKernel } from "@multiway/tensor/device";
import { i32 } from "../assembler/index.ts";
import { kernelFunction, phase, type Argument, type GeneratedKernel, type Phase } from "../kernels/kernel.ts";
import { affineForms, costOf, cutAxis, nestOf, type Nest } from "./nest.ts";
import { emitPointwise, emitScalar } from "./pointwise.ts";
import { emitReductionAcrossVectors, emitReductionAlongVectors } from "./reduction.ts";
import { splitReduction } from "./split.ts";

/** Work of one task in elements of a plain copy: some microseconds, far more than it costs to hand a task out. */
const elementsPerTask = 8192;

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
  let cut = nest;
  let lanesAxis = vectorAxis;
  const work = Math.max(1, product(nest.reduced)) * Math.max(1, Math.ceil((costOf(nest.reductionBody) + costOf(nest.body)) / 8));
  if (vectorAxis !== undefined && !isAlong) {
    // Long vector axes are cut so that there are tasks to share; pieces are multiples of the widest round.
    const { extent } = nest.kept[vectorAxis]!;
    const length = Math.max(isReduction ? 64 : 1024, Math.ceil(elementsPerTask / work / 64) * 64);
    if (extent > 1.5 * length) {
      cut = cutAxis(nest, vectorAxis, length, vectorAxis);
      lanesAxis = vectorAxis + 1;
    }
  }
  const rowAxes = cut.kept.filter((_, axis) => axis !== lanesAxis);
  const rows = product(rowAxes);
  const workPerRow = work * (lanesAxis !== undefined && !isAlong ? cut.kept[lanesAxis]!.extent : 1);
  const rowsPerTask = Math.max(1, Math.round(elementsPerTask / workPerRow));
  const definition = kernelFunction({
    key: `loop ${rowsPerTask} ${lanesAxis} ${JSON.stringify(cut)}`,
    parameters,
    body(code, named) {
      const { firstTask, endTask } = named;
      const bases = values.map((_, index) => named[`b${index}`]!);
      if (lanesAxis === undefined && !isReduction) return emitScalar(code, cut, bases);
      const firstRow = code.let(i32.mul(firstTask, rowsPerTask));
      const endRow = code.let(i32.mul(endTask, rowsPerTask));
      code.set(endRow, i32.minS(endRow, i32.const(rows)));
      if (!isReduction) emitPointwise(code, cut, lanesAxis!, bases, firstRow, endRow);
      else if (lanesAxis !== undefined && !isAlong) emitReductionAcrossVectors(code, cut, lanesAxis, bases, firstRow, endRow);
      else emitReductionAlongVectors(code, cut, lanesAxis!, bases, firstRow, endRow);
    },
  });
  return phase(definition, Math.ceil(rows / rowsPerTask), Object.fromEntries(values.map((value, index) => [`b${index}`, value])));
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
