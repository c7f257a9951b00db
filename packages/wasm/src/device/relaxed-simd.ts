import { f32x4, ModuleBuilder } from "../assembler/index.ts";
import { hasRelaxedSimdFlag, setRelaxedSimdFlag } from "./relaxed-simd-flag.ts";

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

type Support = "yes" | "behind a flag" | "no";

let support: Support | undefined;

/**
 * Whether relaxed SIMD can be compiled: as it is, or once the flag is set. The answer is the first one of this thread: a flag that a worker sets holds for the process, and a device opened later must
 * compile what an earlier one did, or its results would have other last bits.
 */
export const relaxedSimdSupport = (): Support => (support ??= WebAssembly.validate(probe()) ? "yes" : hasRelaxedSimdFlag() ? "behind a flag" : "no");

/** True where relaxed SIMD can be compiled from now on, after setting the flag if there is one. */
export function enableRelaxedSimd(): boolean {
  if (relaxedSimdSupport() === "behind a flag") setRelaxedSimdFlag();
  return WebAssembly.validate(probe());
}
