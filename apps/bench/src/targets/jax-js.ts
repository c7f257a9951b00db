import { isCannot } from "../bench-case.ts";
import { peerRequire, versionOf } from "./peer-require.ts";
import type { Target } from "./target.ts";

/** An array owns its memory by counting: every use takes one reference, `ref` adds one. */
export interface JaxArray {
  readonly ref: JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
  add(other: JaxArray | number): JaxArray;
  sub(other: JaxArray | number): JaxArray;
  mul(other: JaxArray | number): JaxArray;
  div(other: JaxArray | number): JaxArray;
  sum(axis?: number): JaxArray;
  mean(axis?: number, options?: { keepdims: boolean }): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  transpose(order?: readonly number[]): JaxArray;
}
/** A function of arrays, and trees of them. */
type JaxFunction<A extends readonly unknown[], R> = (...args: A) => R;

/** The part of jax-js that the cases use. */
export interface JaxJs {
  numpy: {
    array(values: Float32Array | Int32Array, options?: { shape?: readonly number[]; dtype?: string }): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
    split(x: JaxArray, parts: number, axis: number): JaxArray[];
    sqrt(x: JaxArray): JaxArray;
    exp(x: JaxArray): JaxArray;
    int32: string;
  };
  nn: {
    softmax(x: JaxArray, axis: number): JaxArray;
    logSoftmax(x: JaxArray, axis: number): JaxArray;
    gelu(x: JaxArray, options: { approximate: boolean }): JaxArray;
    standardize(x: JaxArray, axis: number, options: { epsilon: number }): JaxArray;
    oneHot(x: JaxArray, classes: number): JaxArray;
  };
  jit<A extends readonly unknown[], R>(fn: JaxFunction<A, R>): JaxFunction<A, R>;
  grad<T>(fn: (tree: T) => JaxArray): (tree: T) => T;
  valueAndGrad<T>(fn: (tree: T) => JaxArray): (tree: T) => [JaxArray, T];
}

/** Everything runs under `jit`. It uses threads where there is a global `Worker`, which Node has not. */
export const jaxJsTarget: Target = {
  name: "jax-js-wasm",
  title: "jax-js (WASM), 1 thread: it has no more in Node",
  peer: "jax-js-wasm",
  async prepare(benchCase) {
    if (isCannot(benchCase.jaxJs)) return benchCase.jaxJs;
    const require = peerRequire("jax-js-wasm");
    const jax = require("@jax-js/jax") as JaxJs & { init(device: string): Promise<string[]>; defaultDevice(device: string): string };
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return { run: benchCase.jaxJs(jax), version: `@jax-js/jax ${versionOf(require, "@jax-js/jax")}` };
  },
};
