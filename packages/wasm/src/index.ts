export { wasm, type WasmOptions } from "./wasm.ts";
export { explainKernel } from "./explain.ts";
