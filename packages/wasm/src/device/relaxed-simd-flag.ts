/** Node 20 has relaxed SIMD behind a flag of V8. */
const flag = "--experimental-wasm-relaxed-simd";

/** Whether there is a flag to set. */
export const hasRelaxedSimdFlag = (): boolean => globalThis.process?.versions?.v8 !== undefined;

/**
 * Sets the flag for all threads of the process; nothing in pages.
 *
 * To be called when a worker runs: what Node has compiled ahead for the start of a thread is thrown away once a flag has changed, and the start takes twice
 * as long.
 */
export const setRelaxedSimdFlag = (): void => globalThis.process?.getBuiltinModule?.("node:v8")?.setFlagsFromString(flag);
