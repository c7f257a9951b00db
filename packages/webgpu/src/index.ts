export { webgpu } from "./webgpu.ts";
export type { WebGPUOptions } from "./device/open.ts";
export { explainKernel } from "./explain.ts";
export { tileNames, type TileName } from "./kernels/matmul-tiles.ts";
export type { PlanLimits } from "./wgsl/stage.ts";
