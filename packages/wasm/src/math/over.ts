import { ModuleBuilder, v128, type Code, type V128 } from "../assembler/index.ts";

/** For tests: runs a function of vectors over many values. */
export function over(x: Float32Array | Uint32Array, define: (code: Code, x: V128) => V128, relaxedSimd = false): Float32Array {
  const module = new ModuleBuilder({ relaxedSimd, memory: { module: "device", name: "memory", initialPages: 1, maximumPages: 100, shared: false } });
  module.define("run", ["i32"], [], (code, end) => {
    const at = code.local("i32");
    code.for(at, 0, end, 16, () => code.store(at, define(code, v128.load(at))));
  });
  const memory = new WebAssembly.Memory({ initial: 1 + Math.ceil(x.byteLength / 65536), maximum: 100 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { device: { memory } });
  new Uint8Array(memory.buffer).set(new Uint8Array(x.buffer));
  (exports.run as (end: number) => void)(x.byteLength);
  return new Float32Array(memory.buffer, 0, x.length).slice();
}

/** The distance in units of the last place of a normal float, of the least one below that. */
export const ulps = (actual: number, exact: number): number => Math.abs(actual - exact) / 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact))) - 23);

/** 4096 numbers at equal distances. */
export const sweep = (from: number, to: number): Float32Array => Float32Array.from({ length: 4096 }, (_, index) => from + ((to - from) * index) / 4095);
