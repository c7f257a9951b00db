import type { OpKernel } from "@multiway/tensor/device";
import type { MatrixConfig } from "../wgsl/abilities.ts";
import type { PlanLimits } from "../wgsl/stage.ts";
import { matrixLanguage } from "./matrix-language.ts";
import { isTiled, operandsOf } from "./matmul-parts.ts";
import { tileCount } from "./matmul-tiles.ts";
import type { OpKernelChoice } from "./op-kernel.ts";

/** Of a workgroup: a tile of the result, and how many subgroups share it, `down` × `across`. */
export interface Share {
  rows: number;
  columns: number;
  down: number;
  across: number;
}

const large: Share = { rows: 128, columns: 128, down: 2, across: 4 };
const small: Share = { rows: 64, columns: 64, down: 2, across: 2 };

/** Steps of k in workgroup memory at a time. */
export const depth = 32;
/** Elements behind each row of a tile, so that rows start in different banks. */
export const gap = 8;

/**
 * The adapter's configuration for a product: one that sums in f32, of floats where both operands are and of halves where one is in half and the user
 * lets the other be rounded. Subgroups must be of one size, so that who holds what is known.
 */
export function configFor(kernel: OpKernel, { abilities: { matrixConfigs, subgroups, shaderF16 }, arithmetic }: PlanLimits): MatrixConfig | undefined {
  if (!subgroups || subgroups.minSize !== subgroups.maxSize) return undefined;
  const component = operandsOf(kernel).every(({ dtype }) => dtype === "f32") ? "f32" : arithmetic === "f16" && shaderF16 ? "f16" : undefined;
  return matrixConfigs.find(({ component: of, result, M, N, K }) => of === component && result === "f32" && 32 % M === 0 && 32 % N === 0 && depth % K === 0);
}

export function shareFor(kernel: OpKernel, config: MatrixConfig, { abilities, maxWorkgroupBytes, maxWorkgroupSize }: PlanLimits): Share | undefined {
  const fits = ({ rows, columns, down, across }: Share): boolean =>
    bytesOf({ rows, columns, down, across }, config) <= maxWorkgroupBytes && down * across * abilities.subgroups!.maxSize <= maxWorkgroupSize;
  return [...(tileCount(kernel, large) >= 160 ? [large] : []), small].find(fits);
}

const bytesOf = ({ rows, columns, down, across }: Share, { component, M, N }: MatrixConfig): number =>
  (component === "f16" ? 2 : 4) * (rows * (depth + gap) + depth * (columns + gap)) + 4 * down * across * M * N;

/**
 * Products by a GPU's matrix units, through subgroup matrices. With halves, the f32 operand is rounded to half (magnitudes beyond 65504 become infinite); products are summed in
 * f32, in an order that the hardware chooses. Not yet run on hardware: its text is checked by Dawn's compiler, and what it does by emulation.
 */
export const matmulMatrixUnits: OpKernelChoice = {
  name: "matmulMatrixUnits",
  runsEpilogues: true,
  accepts: (kernel, limits) => {
    const config = isTiled(kernel) ? configFor(kernel, limits) : undefined;
    return config !== undefined && shareFor(kernel, config, limits) !== undefined;
  },
  async plan(kernel, limits) {
    const { planMatrixUnits } = await import("./plan-matrix-units.ts");
    const config = configFor(kernel, limits)!;
    return planMatrixUnits(kernel, limits, config, matrixLanguage(config, limits.abilities.matrixOrder ?? "template"));
  },
};
