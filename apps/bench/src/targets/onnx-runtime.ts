import { isCannot, type BenchCase, type Run } from "../bench-case.ts";
import { peerRequire, versionOf } from "./peer-require.ts";
import type { Target } from "./target.ts";

/** The part of `onnxruntime-common` that both packages share. */
interface OnnxRuntime {
  env: { logLevel: string; wasm: { numThreads?: number } };
  Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<{ run(feeds: Record<string, OnnxTensor>): Promise<Record<string, OnnxTensor>> }> };
}
interface OnnxTensor {
  data: Float32Array;
}

async function makeRun(runtime: OnnxRuntime, { onnx }: BenchCase, options: object): Promise<Run> {
  if (isCannot(onnx)) throw new Error(onnx.cannot);
  const { model, feeds, output } = onnx();
  runtime.env.logLevel = "error";
  const session = await runtime.InferenceSession.create(model, { graphOptimizationLevel: "all", ...options });
  const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { data, shape }]) => [name, new runtime.Tensor("float32", data, shape)]));
  return async () => [(await session.run(inputs))[output]!.data];
}

/** SIMD and, with SharedArrayBuffer, threads are on by themselves; only their number is given. */
function ortWeb(threads: number): Target {
  return {
    name: `ort-web-${threads}`,
    title: `ONNX Runtime Web (WASM), ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    peer: "ort-web",
    async prepare(benchCase) {
      if (isCannot(benchCase.onnx)) return benchCase.onnx;
      const require = peerRequire("ort-web");
      const runtime = require("onnxruntime-web") as OnnxRuntime;
      runtime.env.wasm.numThreads = threads;
      return { run: await makeRun(runtime, benchCase, { executionProviders: ["wasm"] }), version: `onnxruntime-web ${versionOf(require, "onnxruntime-web")}` };
    },
  };
}

const ortNative: Target = {
  name: "ort-native",
  title: "ONNX Runtime, native CPU, 2 threads",
  peer: "ort-native",
  async prepare(benchCase) {
    if (isCannot(benchCase.onnx)) return benchCase.onnx;
    const require = peerRequire("ort-native");
    const runtime = require("onnxruntime-node") as OnnxRuntime;
    return { run: await makeRun(runtime, benchCase, { executionProviders: ["cpu"], intraOpNumThreads: 2 }), version: `onnxruntime-node ${versionOf(require, "onnxruntime-node")}` };
  },
};

export const onnxRuntimeTargets: readonly Target[] = [ortWeb(1), ortWeb(2), ortNative];
