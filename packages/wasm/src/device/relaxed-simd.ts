import { f32x4, ModuleBuilder } from "../assembler/index.ts";

/** A module that is valid only where relaxed SIMD is. */
const probe = (): Uint8Array<ArrayBuffer> => {
  const module = new ModuleBuilder({ relaxedSimd: true });
  module.define(undefined, [], ["v128"], (code) => code.return(f32x4.relaxedMadd(f32x4.all(1), f32x4.all(2), f32x4.all(3))));
  return module.toBytes();
};

/** True where vectors of 128 bits are to be had at all. */
export function hasSimd(): boolean {
  if (typeof WebAssembly === "undefined") return false;
  const module = new ModuleBuilder({ relaxedSimd: false });
  module.define(undefined, [], ["v128"], (code) => code.return(f32x4.all(1)));
  return WebAssembly.validate(module.toBytes());
}

/**
 * True where relaxed SIMD can be compiled. Node 20 has it behind a flag of V8, which this function sets for all threads of the process.
 *
 * To be called when the workers run: what Node has compiled ahead for its own start is thrown away once a flag has changed, so that a thread which starts
 * later takes twice as long.
 */
export function enableRelaxedSimd(): boolean {
  if (WebAssembly.validate(probe())) return true;
  const v8 = globalThis.process?.getBuiltinModule?.("node:v8");
  if (!v8) return false;
  v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(probe());
}
