import { bytesOf, type Epilogue, type OpKernel } from "@multiway/tensor/device";
import { address, phase, type Argument, type GeneratedKernel, type OpImplementations, type Phase } from "./kernel.ts";
import { matmulDots } from "./matmul-dots.ts";
import { matmulMultiply, matmulMultiplyThen, matmulPack, rightSource } from "./matmul-functions.ts";
import { matmulProblem, matmulScratch, planMatmul, product, type MatmulPlan } from "./matmul-plan.ts";

/** Extents and strides of four batch axes, the outer ones padded with 1 and 0. */
function four(extents: readonly number[], strides: readonly number[]): { extents: number[]; strides: number[] } {
  const missing = 4 - extents.length;
  return { extents: [...new Array<number>(missing).fill(1), ...extents], strides: [...new Array<number>(missing).fill(0), ...strides] };
}

/** @param override parts of the plan, for benchmarks */
export async function generateMatmul(kernel: OpKernel, override: Partial<MatmulPlan> = {}): Promise<GeneratedKernel> {
  const [a, b] = kernel.inputs as [OpKernel["inputs"][0], OpKernel["inputs"][0]];
  const c = kernel.outputs[0]!;
  const problem = matmulProblem(a, b, c);
  const { batch, m, k, n } = problem;
  const extents = batch.map(({ extent }) => extent);
  const matrices = product(extents);
  if (matrices * m * n === 0) return { phases: [] };

  const plan = { ...planMatmul(problem), ...override };
  const { rowBlock, columnBlock, kBlock, groupColumns } = plan;
  const { bScratch, packScratch, scratchBytes } = matmulScratch(plan);
  const rowBlocks = Math.ceil(m / rowBlock);
  const columnBlocks = Math.ceil(n / columnBlock);
  const aBytes = bytesOf(a.dtype);
  const bBytes = bytesOf(b.dtype);

  const sharesPanels = plan.right === rightSource.panels;
  const matrixBytes = k * Math.ceil(n / 8) * 32;
  // Of the matrices of B that repeat, one is packed.
  const packedExtents = batch.map(({ extent, strideB }) => (strideB === 0 ? 1 : extent));
  const packedStrides = packedExtents.map((extent, axis) => (extent === 1 ? 0 : matrixBytes * product(packedExtents.slice(axis + 1))));
  const ofA = four(extents, batch.map(({ strideA }) => strideA * aBytes));
  const ofB = four(packedExtents, batch.map(({ strideB }) => strideB * bBytes));
  const ofMatrices = four(extents, sharesPanels ? packedStrides : batch.map(({ strideB }) => strideB * bBytes));
  const common = { k, n, bK: problem.bK * bBytes, bColumn: problem.bColumn * bBytes };

  const tasks = matrices * rowBlocks * columnBlocks;
  const values = {
    ...common,
    a: address(a), b: sharesPanels ? { workspaceOffsetBytes: 0 } : address(b), c: { buffer: c.buffer }, m,
    aRow: problem.aRow * aBytes, aK: problem.aK * aBytes, aIsHalf: Number(problem.aIsHalf), bIsHalf: Number(problem.bIsHalf),
    left: plan.left, right: plan.right, pack: plan.pack,
    rowBlock, columnBlock, kBlock, rowBlocks, columnBlocks, bScratch, packScratch,
    extent1: ofA.extents[1]!, extent2: ofA.extents[2]!, extent3: ofA.extents[3]!,
    a0: ofA.strides[0]!, a1: ofA.strides[1]!, a2: ofA.strides[2]!, a3: ofA.strides[3]!,
    b0: ofMatrices.strides[0]!, b1: ofMatrices.strides[1]!, b2: ofMatrices.strides[2]!, b3: ofMatrices.strides[3]!,
  };
  const multiply = kernel.epilogue ? await multiplyThen(kernel, kernel.epilogue, tasks, values) : phase(matmulMultiply, tasks, values);
  if (!sharesPanels) return { phases: [multiply], scratchBytes };

  const packedMatrices = product(packedExtents);
  const groups = Math.ceil(n / groupColumns);
  const pack = phase(matmulPack, packedMatrices * groups, {
    ...common,
    b: address(b), to: { workspaceOffsetBytes: 0 }, isHalf: Number(problem.bIsHalf), source: plan.pack, groupColumns, groups, matrixBytes,
    extent1: ofB.extents[1]!, extent2: ofB.extents[2]!, extent3: ofB.extents[3]!,
    b0: ofB.strides[0]!, b1: ofB.strides[1]!, b2: ofB.strides[2]!, b3: ofB.strides[3]!,
  });
  return { phases: [pack, multiply], scratchBytes, workspaceBytes: packedMatrices * matrixBytes };
}

async function multiplyThen(kernel: OpKernel, epilogue: Epilogue, tasks: number, values: Readonly<Record<string, Argument>>): Promise<Phase> {
  const { blockEpilogue } = await import("../loop/index.ts");
  const own = Object.fromEntries(kernel.buffers.map((_, buffer) => [`e${buffer}`, { buffer }]));
  return { function: matmulMultiplyThen(blockEpilogue(kernel, epilogue), kernel.buffers.length), tasks, arguments: { ...values, ...own } };
}

export const matmul: OpImplementations = [matmulDots, { name: "matmulBlocked", runsEpilogues: true, generate: (kernel) => generateMatmul(kernel) }];
