/** One product that an adapter's matrix units do: [M, K] times [K, N], from `component` to `result`. */
export interface MatrixConfig {
  component: "f32" | "f16";
  result: "f32" | "f16";
  M: number;
  N: number;
  K: number;
}

/** What an adapter has beyond core WebGPU, as far as this device asked for it and may use it. */
export interface Abilities {
  /** Sizes that a subgroup may have; a kernel must be right for each. */
  subgroups?: { minSize: number; maxSize: number };
  /** f16 as a type of the shading language. */
  shaderF16: boolean;
  /** Products of matrices spread over a subgroup, an experimental feature of Dawn. Empty without it. */
  matrixConfigs: readonly MatrixConfig[];
  /** Whether loads and stores of those take their order as a template parameter, `<…, row_major>`, or as an argument, as they did at first. */
  matrixOrder?: "template" | "argument";
}

export const noAbilities: Abilities = { shaderF16: false, matrixConfigs: [] };
