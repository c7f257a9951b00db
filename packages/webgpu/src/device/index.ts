/** What is loaded when a device is opened, and not before. */
export { explain } from "../kernels/explain.ts";
export { openWebGPU } from "./open.ts";
