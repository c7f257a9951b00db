import type { OpKernel } from "@multiway/tensor/device";
import type { PlanLimits } from "../wgsl/stage.ts";
import { isTiled, operandsOf, sizesOf } from "./matmul-parts.ts";
import type { OpKernelChoice } from "./op-kernel.ts";
import { planTiled } from "./plan-tiled.ts";

/** One thread per element: for products too small or odd for tiles. Also the last resort, so it takes any. */
const matmulPlain: OpKernelChoice = {
  name: "matmulPlain",
  accepts: () => true,
  runsEpilogues: true,
  plan: async (kernel) => (await import("./plan-plain.ts")).planPlain(kernel),
};

/** Whether the products themselves are computed in half: only where asked for, and an operand is in half already. */
const inHalf = (kernel: OpKernel, { abilities, arithmetic }: PlanLimits): boolean => arithmetic === "f16" && abilities.shaderF16 && operandsOf(kernel).some(({ dtype }) => dtype === "f16");

/**
 * Tiles of c whose operands pass through workgroup memory, 16 of k at a time; each thread holds a block of elements in registers. Which tile, is
 * measured or follows from the shape.
 */
const matmulTiled: OpKernelChoice = {
  name: "matmulTiled",
  runsEpilogues: true,
  accepts: (kernel, limits) => limits.maxWorkgroupSize >= 256 && !inHalf(kernel, limits) && isTiled(kernel),
  plan: (kernel, limits) => planTiled(kernel, limits, "f32"),
};

/**
 * The same with tiles of half floats. The operand that isn't in half is rounded to it; 16 products are summed in half, and those sums in f32. So a
 * sum of magnitude s over a block errs by up to about 16 · 2⁻¹¹ · Σ|aᵢ bᵢ|, and values or sums of a block beyond 65504 become infinite.
 */
const matmulTiledHalf: OpKernelChoice = {
  name: "matmulTiledHalf",
  runsEpilogues: true,
  accepts: (kernel, limits) => limits.maxWorkgroupSize >= 256 && inHalf(kernel, limits) && isTiled(kernel),
  plan: (kernel, limits) => planTiled(kernel, limits, "f16"),
};

/**
 * Few rows times a matrix, such as batches of one: such a product is over when the matrix has been read. Threads of a workgroup share a few columns,
 * each taking every so many steps of k for up to four rows, and join their sums by halves. Neighbouring threads read neighbouring memory.
 */
const matmulRows: OpKernelChoice = {
  name: "matmulRows",
  runsEpilogues: true,
  accepts: (kernel, limits) => {
    const { m, k, n } = sizesOf(kernel);
    return limits.maxWorkgroupSize >= 256 && m < 24 && k >= 64 && n >= 16;
  },
  plan: async (kernel) => (await import("./plan-rows.ts")).planRows(kernel),
};

export { operandText } from "./matmul-operand.ts";

export const matmulKernels: readonly OpKernelChoice[] = [matmulTiled, matmulTiledHalf, matmulRows, matmulPlain];
