export { webgpu } from "./webgpu.ts";
export type { WebGPUOptions } from "./device/open.ts";
