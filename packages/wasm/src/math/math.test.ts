import { describe, expect, test } from "vitest";
import { i32, ModuleBuilder, v128, type Code, type V128 } from "../assembler/index.ts";
import { exp, expOfNonPositive } from "./exp.ts";
import { widenHalf } from "./half.ts";
import { log } from "./log.ts";

/** Runs a function of vectors over many values. */
function over(x: Float32Array | Uint32Array, define: (code: Code, x: V128) => V128): Float32Array {
  const module = new ModuleBuilder({ relaxedSimd: false, memory: { module: "device", name: "memory", initialPages: 1, maximumPages: 100, shared: false } });
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
const ulps = (actual: number, exact: number): number => Math.abs(actual - exact) / 2 ** Math.max(-149, Math.floor(Math.log2(Math.abs(exact))) - 23);

const sweep = (from: number, to: number): Float32Array => Float32Array.from({ length: 4096 }, (_, index) => from + ((to - from) * index) / 4095);

describe("exp", () => {
  test("is within 2 units of the last place, subnormals included", () => {
    const x = sweep(-103, 88.7);
    const y = over(x, exp);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.exp(value))).toBeLessThan(2));
  });

  test("knows its limits", () => {
    const x = Float32Array.of(-Infinity, Infinity, NaN, 0, -0, 89, -104, 1000);
    expect([...over(x, exp)]).toEqual([0, Infinity, NaN, 1, 1, Infinity, 0, Infinity]);
  });

  test("for softmax: the same up to where results are normal, then 0", () => {
    const x = sweep(-87.3, 1);
    const y = over(x, expOfNonPositive);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.exp(value))).toBeLessThan(2));
    expect([...over(Float32Array.of(-Infinity, NaN, 0, -87.4), expOfNonPositive)]).toEqual([0, NaN, 1, 0]);
  });
});

describe("log", () => {
  test("is within 2 units of the last place", () => {
    const x = sweep(-102, 88).map((value) => Math.exp(value));
    const y = over(x, log);
    x.forEach((value, index) => expect(ulps(y[index]!, Math.log(value))).toBeLessThan(2));
    const nearOne = sweep(0.5, 2);
    over(nearOne, log).forEach((value, index) => expect(ulps(value, Math.log(nearOne[index]!))).toBeLessThan(2));
  });

  test("knows its limits", () => {
    expect([...over(Float32Array.of(0, -0, -1, Infinity, -Infinity, NaN, 1, 2 ** -149), log)]).toEqual([
      -Infinity,
      -Infinity,
      NaN,
      Infinity,
      NaN,
      NaN,
      0,
      Math.fround(-149 * Math.LN2),
    ]);
  });
});

test("every half float widens exactly", () => {
  const y = over(Uint32Array.from({ length: 65536 }, (_, bits) => bits), widenHalf);
  y.forEach((value, bits) => {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude = exponent === 31 ? (fraction ? NaN : Infinity) : exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
    const wanted = bits & 0x8000 ? -magnitude : magnitude;
    if (!Object.is(value, wanted)) throw new Error(`${bits}: ${value}, not ${wanted}`);
  });
});
