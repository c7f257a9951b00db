export { AdamW, noDecayForVectors, type AdamWOptions, type AdamWState, type ParameterGroup } from "./adamw.ts";
export { clipByGlobalNorm, globalNorm } from "./clip.ts";
export { updateAverage } from "./ema.ts";
export { layerDecay } from "./layer-decay.ts";
export { namedParameters } from "./parameters.ts";
export { constantSchedule, warmupCosine, warmupLinear, type Schedule, type WarmupCosineOptions } from "./schedules.ts";
