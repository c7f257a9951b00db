import type { Layout, OpKernel } from "@multiway/tensor/device";
import { attentionBackwardFunction, type backwardScratch } from "./attention-backward-functions.ts";
import { headArguments, isDirect } from "./attention-operands.ts";
import { attentionShapes, blockOfQueries, placeScratch, roundUp } from "./attention.ts";
import { address, phase, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

function generate(kernel: OpKernel): GeneratedKernel {
  const shapes = attentionShapes(kernel);
  const { segments, batch, queries, heads, headDim, keys, rest } = shapes;
  const [out, logSumExp, gradient] = rest as [Layout, Layout, Layout];
  const biasGradient = kernel.attributes.biasGradient === true;
  const direct = shapes.direct && isDirect(out) && isDirect(gradient);
  const queryBlock = blockOfQueries(queries, keys);
  const joined = segments > 1 || !direct ? keys * headDim : 0;
  const copied = direct ? 0 : queryBlock * headDim;
  const paddedKeys = roundUp(keys, 8);
  const paddedDim = roundUp(headDim, 8);
  const sizes: Record<(typeof backwardScratch)[number], number> = {
    kRows: joined,
    vRows: joined,
    kColumns: paddedKeys * headDim,
    vColumns: paddedKeys * headDim,
    kPanels: keys * paddedDim,
    qRows: copied,
    outRows: copied,
    gradientRows: copied,
    qPanels: queryBlock * paddedDim,
    gradientPanels: queryBlock * paddedDim,
    weights: queryBlock * paddedKeys,
    slopes: queryBlock * paddedKeys,
    dqRows: queryBlock * paddedDim,
    dkRows: paddedKeys * paddedDim,
    dvRows: paddedKeys * paddedDim,
    gathered: paddedKeys,
  };
  const { offsets, scratchBytes } = placeScratch(sizes);
  const [logSumExpBatch, logSumExpHead, logSumExpRow] = logSumExp.strides.map((stride) => 4 * stride) as [number, number, number];
  const outputs = kernel.outputs;
  const ofSegments = Array.from({ length: segments }, (_, segment) => [
    [`dk${segment}`, { buffer: outputs[1 + 2 * segment]!.buffer }],
    [`dv${segment}`, { buffer: outputs[2 + 2 * segment]!.buffer }],
  ]).flat();
  return {
    phases: [
      phase(attentionBackwardFunction(segments, direct), batch * heads, {
        ...shapes.arguments,
        ...headArguments("out", out),
        ...headArguments("gradient", gradient),
        ...offsets,
        ...Object.fromEntries(ofSegments),
        logSumExp: address(logSumExp),
        logSumExpBatch, logSumExpHead, logSumExpRow,
        dq: { buffer: outputs[0]!.buffer },
        dbias: biasGradient ? { buffer: outputs.at(-1)!.buffer } : 0,
        biasGradient: Number(biasGradient),
        queryBlock,
      }),
    ],
    scratchBytes,
  };
}

export const attentionBackward: OpImplementations = [{ name: "attentionBackwardByHead", generate }];
