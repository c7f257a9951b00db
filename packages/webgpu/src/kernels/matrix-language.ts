import type { Abilities, MatrixConfig } from "../wgsl/abilities.ts";

/** The words for matrices spread over a subgroup. Left ones lie in `a_tile`, right ones in `b_tile`, results go to `c_blocks`, all in rows. */
export interface MatrixLanguage {
  directives: readonly string[];
  declarations: string;
  /** A result of zeros. */
  zero: string;
  left(offset: string, stride: number): string;
  right(offset: string, stride: number): string;
  multiplyAdd(left: string, right: string, sum: string): string;
  store(offset: string, value: string, stride: number): string;
}

/**
 * Dawn's experimental extension (docs/dawn/features/subgroup_matrix.md in its repository). Sizes in types are columns first. Offsets depend on the number of the subgroup, which the analysis
 * of uniformity, by workgroups in some versions, does not let pass: each is the same throughout its subgroup.
 */
export function matrixLanguage({ component, M, N, K }: MatrixConfig, order: NonNullable<Abilities["matrixOrder"]>): MatrixLanguage {
  const result = `subgroup_matrix_result<f32, ${N}, ${M}>`;
  const load = (type: string, tile: string, offset: string, stride: number): string =>
    order === "template" ? `subgroupMatrixLoad<${type}, row_major>(&${tile}, ${offset}, ${stride}u)` : `subgroupMatrixLoad<${type}>(&${tile}, ${offset}, false, ${stride}u)`;
  return {
    directives: ["enable chromium_experimental_subgroup_matrix;", "enable subgroups;", ...(component === "f16" ? ["enable f16;"] : []), "diagnostic(off, chromium.subgroup_matrix_uniformity);"],
    declarations: "",
    zero: `${result}()`,
    left: (offset, stride) => load(`subgroup_matrix_left<${component}, ${K}, ${M}>`, "a_tile", offset, stride),
    right: (offset, stride) => load(`subgroup_matrix_right<${component}, ${N}, ${K}>`, "b_tile", offset, stride),
    multiplyAdd: (left, right, sum) => `subgroupMatrixMultiplyAccumulate(${left}, ${right}, ${sum})`,
    store: (offset, value, stride) => (order === "template" ? `subgroupMatrixStore<row_major>(&c_blocks, ${offset}, ${value}, ${stride}u);` : `subgroupMatrixStore(&c_blocks, ${offset}, ${value}, false, ${stride}u);`),
  };
}
