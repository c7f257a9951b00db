import type { Abilities } from "../wgsl/abilities.ts";
import type { WebGPUOptions } from "./open.ts";

export const matrixFeature = "chromium-experimental-subgroup-matrix";

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
  // An experiment of few browsers: loaded where it is asked for.
  const matrices = features.includes(matrixFeature) ? await (await import("./matrices.ts")).matricesOf(info, device, shaderF16) : { matrixConfigs: [] };
  return {
    ...(features.includes("subgroups") && { subgroups: { minSize: subgroupMinSize ?? 4, maxSize: subgroupMaxSize ?? 128 } }),
    shaderF16,
    ...matrices,
  };
}

/** For people: what of the adapter's abilities is in use. */
export function describeAbilities(features: readonly string[], { subgroups, matrixConfigs }: Abilities): string {
  const parts = features.filter((feature) => feature !== "subgroups" && feature !== matrixFeature);
  if (subgroups) parts.push(`subgroups of ${subgroups.minSize} to ${subgroups.maxSize}`);
  for (const { component, result, M, N, K } of matrixConfigs) parts.push(`subgroup matrices ${M}×${N}×${K} ${component} to ${result}`);
  return parts.length > 0 ? parts.join(", ") : "no optional features";
}
