export { webgpu } from "./webgpu.ts";
export type { WebGPUOptions } from "./device/open.ts";
export { explainKernel } from "./explain.ts";
