import { isCannot } from "../bench-case.ts";
import { peerRequire, versionOf } from "./peer-require.ts";
import type { Target } from "./target.ts";

export interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

export interface TfVariable extends TfTensor {
  assign(value: TfTensor): void;
}

/** The part of TensorFlow.js that the cases use. */
export interface Tfjs {
  tensor(values: Float32Array | Int32Array, shape: readonly number[], dtype?: "float32" | "int32"): TfTensor;
  variable(initial: TfTensor): TfVariable;
  tidy<T>(work: () => T): T;
  matMul(a: TfTensor, b: TfTensor): TfTensor;
  add(a: TfTensor, b: TfTensor): TfTensor;
  sub(a: TfTensor, b: TfTensor): TfTensor;
  mul(a: TfTensor, b: TfTensor | number): TfTensor;
  erf(x: TfTensor): TfTensor;
  rsqrt(x: TfTensor): TfTensor;
  softmax(x: TfTensor): TfTensor;
  sum(x: TfTensor): TfTensor;
  mean(x: TfTensor, axis?: number, keepDims?: boolean): TfTensor;
  square(x: TfTensor): TfTensor;
  reshape(x: TfTensor, shape: readonly number[]): TfTensor;
  transpose(x: TfTensor, order: readonly number[]): TfTensor;
  split(x: TfTensor, parts: number, axis: number): TfTensor[];
  oneHot(indices: TfTensor, depth: number): TfTensor;
  scalar(value: number): TfTensor;
  grads(loss: (...inputs: TfTensor[]) => TfTensor): (inputs: TfTensor[]) => TfTensor[];
  variableGrads(loss: () => TfTensor, variables: TfVariable[]): { value: TfTensor; grads: Record<string, TfTensor> };
  dispose(tensors: Record<string, TfTensor>): void;
  losses: { softmaxCrossEntropy(oneHot: TfTensor, logits: TfTensor): TfTensor };
  train: { adam(learningRate: number, beta1: number, beta2: number, epsilon: number): { applyGradients(gradients: Record<string, TfTensor>): void } };
}

/** SIMD is on by itself. Threads are not to be had in Node: the library itself switches them off there. */
export const tfjsTarget: Target = {
  name: "tfjs-wasm",
  title: "TensorFlow.js (WASM), 1 thread: it has no more in Node",
  peer: "tfjs-wasm",
  async prepare(benchCase) {
    if (isCannot(benchCase.tfjs)) return benchCase.tfjs;
    const require = peerRequire("tfjs-wasm");
    const tf = require("@tensorflow/tfjs") as Tfjs & { setBackend(name: string): Promise<boolean>; ready(): Promise<void> };
    require("@tensorflow/tfjs-backend-wasm");
    await tf.setBackend("wasm");
    await tf.ready();
    return { run: benchCase.tfjs(tf), version: `@tensorflow/tfjs-backend-wasm ${versionOf(require, "@tensorflow/tfjs-backend-wasm")}` };
  },
};
