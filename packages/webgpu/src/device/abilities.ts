import type { Abilities, MatrixConfig } from "../wgsl/abilities.ts";
import { matrixLanguage } from "../kernels/matrix-language.ts";
import type { WebGPUOptions } from "./open.ts";

export const matrixFeature = "chromium-experimental-subgroup-matrix";

/** As Dawn and Chromium describe a configuration; not in the types of the standard. */
interface SubgroupMatrixConfig {
  componentType: string;
  resultComponentType: string;
  M: number;
  N: number;
  K: number;
}

/** What the device is asked for: what the adapter has and the options want. Nothing is requested that would not be used. */
export function featuresFor({ limits, subgroups = true, arithmetic = "f32", subgroupMatrix = false }: WebGPUOptions, { features }: GPUAdapter): string[] {
  if (limits === "default") return [];
  const wanted: string[] = ["timestamp-query"];
  if (subgroups || subgroupMatrix) wanted.push("subgroups");
  if (arithmetic === "f16") wanted.push("shader-f16");
  if (subgroupMatrix && features.has("subgroups")) wanted.push(matrixFeature);
  return wanted.filter((feature) => features.has(feature));
}

export async function abilitiesOf(features: readonly string[], info: GPUAdapterInfo, device: GPUDevice): Promise<Abilities> {
  const { subgroupMinSize, subgroupMaxSize } = info;
  const shaderF16 = features.includes("shader-f16");
  // Its attributes are getters of an interface: named, since a spread copies none.
  const configs = features.includes(matrixFeature) ? [...((info as { subgroupMatrixConfigs?: Iterable<SubgroupMatrixConfig> }).subgroupMatrixConfigs ?? [])] : [];
  const isFloat = (type: string): type is MatrixConfig["component"] => type === "f32" || (type === "f16" && shaderF16);
  const matrixConfigs = configs.flatMap(({ componentType, resultComponentType, M, N, K }): MatrixConfig[] =>
    isFloat(componentType) && isFloat(resultComponentType) ? [{ component: componentType, result: resultComponentType, M: Number(M), N: Number(N), K: Number(K) }] : [],
  );
  const matrixOrder = matrixConfigs[0] && (await matrixOrderOf(device, matrixConfigs[0]));
  return {
    ...(features.includes("subgroups") && { subgroups: { minSize: subgroupMinSize ?? 4, maxSize: subgroupMaxSize ?? 128 } }),
    shaderF16,
    ...(matrixOrder ? { matrixConfigs, matrixOrder } : { matrixConfigs: [] }),
  };
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

/** For people: what of the adapter's abilities is in use. */
export function describeAbilities(features: readonly string[], { subgroups, matrixConfigs }: Abilities): string {
  const parts = features.filter((feature) => feature !== "subgroups" && feature !== matrixFeature);
  if (subgroups) parts.push(`subgroups of ${subgroups.minSize === subgroups.maxSize ? subgroups.minSize : `${subgroups.minSize} to ${subgroups.maxSize}`}`);
  for (const { component, result, M, N, K } of matrixConfigs) parts.push(`subgroup matrices ${M}×${N}×${K} ${component} to ${result}`);
  return parts.length > 0 ? parts.join(", ") : "no optional features";
}
