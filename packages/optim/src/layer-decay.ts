import type { ParameterGroup } from "./adamw.ts";

/**
 * Layer-wise learning rates: `decay^(numLayers + 1 − id)`, so that the top keeps the full rate and the bottom moves least
 * (Clark et al. 2020, "ELECTRA"; Bao et al. 2021, "BEiT").
 *
 * @param layerOf  0 for embeddings, i + 1 for layer i, numLayers + 1 for what stands above
 */
export function layerDecay({ decay, numLayers, layerOf }: { decay: number; numLayers: number; layerOf: (name: string) => number }): (name: string) => Required<Pick<ParameterGroup, "learningRateScale">> {
  return (name) => ({ learningRateScale: decay ** (numLayers + 1 - layerOf(name)) });
}
