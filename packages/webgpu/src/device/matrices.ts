import { matrixLanguage } from "../kernels/matrix-language.ts";
import type { Abilities, MatrixConfig } from "../wgsl/abilities.ts";

/** As Dawn and Chromium describe a configuration; not in the types of the standard. */
interface SubgroupMatrixConfig {
  componentType: string;
  resultComponentType: string;
  M: number;
  N: number;
  K: number;
}

/** The products of a device's matrix units; none where its compiler takes neither spelling of them. */
export async function matricesOf(info: GPUAdapterInfo, device: GPUDevice, shaderF16: boolean): Promise<Pick<Abilities, "matrixConfigs" | "matrixOrder">> {
  // Its attributes are getters of an interface: named, since a spread copies none.
  const configs = [...((info as { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> }).subgroupMatrixConfigs ?? [])];
  const isFloat = (type: string): type is MatrixConfig["component"] => type === "f32" || (type === "f16" && shaderF16);
  const matrixConfigs = configs.flatMap(({ componentType, resultComponentType, M, N, K }): MatrixConfig[] =>
    isFloat(componentType) && isFloat(resultComponentType) ? [{ component: componentType, result: resultComponentType, M: Number(M), N: Number(N), K: Number(K) }] : [],
  );
  const matrixOrder = matrixConfigs[0] && (await matrixOrderOf(device, matrixConfigs[0]));
  return matrixOrder ? { matrixConfigs, matrixOrder } : { matrixConfigs: [] };
}

/** Which of the two spellings of loads and stores the compiler takes: the newer, where it takes both. Undefined where it takes neither. */
export async function matrixOrderOf(device: GPUDevice, config: MatrixConfig): Promise<Abilities["matrixOrder"]> {
  for (const order of ["template", "argument"] as const) {
    const language = matrixLanguage(config, order);
    const code = [
      ...language.directives,
      `var<workgroup> c_blocks: array<f32, ${config.M * config.N}>;`,
      `@compute @workgroup_size(128) fn main() { ${language.store("0u", language.zero, config.N)} }`,
    ].join("\n");
    device.pushErrorScope("validation");
    const { messages } = await device.createShaderModule({ label: "multiway matrices", code }).getCompilationInfo();
    await device.popErrorScope();
    if (messages.every(({ type }) => type !== "error")) return order;
  }
  return undefined;
}
