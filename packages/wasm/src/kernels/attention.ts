import type { Layout, OpKernel } from "@multiway/tensor/device";
import { edgeBytes } from "../blocks/multiply.ts";
import { attentionFunction, type attentionScratch } from "./attention-functions.ts";
import { headArguments, isDirect } from "./attention-operands.ts";
import { address, phase, type Argument, type GeneratedKernel, type OpImplementations } from "./kernel.ts";

/** Inputs of attention and its gradient, and what they have in common. */
export interface AttentionShapes {
  segments: number;
  batch: number;
  queries: number;
  heads: number;
  headDim: number;
  keys: number;
  hasBias: boolean;
  /** All of q, k, v can be read in place. */
  direct: boolean;
  /** Inputs behind those of the forward pass. */
  rest: readonly Layout[];
  arguments: Record<string, Argument>;
}

export function attentionShapes({ inputs, attributes }: OpKernel): AttentionShapes {
  const segments = Number(attributes.segments);
  const hasBias = attributes.hasBias === true;
  const q = inputs[0]!;
  const [batch, queries, heads, headDim] = q.shape as [number, number, number, number];
  const ofSegments = inputs.slice(1, 1 + 2 * segments);
  const keysOf = Array.from({ length: segments }, (_, segment) => ofSegments[2 * segment]!.shape[1]!);
  const keys = keysOf.reduce((sum, count) => sum + count, 0);
  const bias = hasBias ? inputs[1 + 2 * segments]! : undefined;
  const [biasBatch, biasHead, biasRow, biasKey] = (bias?.strides ?? [0, 0, 0, 0]).map((stride) => 4 * stride) as [number, number, number, number];
  return {
    segments, batch, queries, heads, headDim, keys, hasBias,
    direct: [q, ...ofSegments].every(isDirect),
    rest: inputs.slice(1 + 2 * segments + Number(hasBias)),
    arguments: {
      ...headArguments("q", q),
      ...Object.assign({}, ...ofSegments.map((layout, index) => headArguments(`${index % 2 === 0 ? "k" : "v"}${index >> 1}`, layout))),
      ...Object.fromEntries(keysOf.map((count, segment) => [`keys${segment}`, count])),
      bias: bias ? address(bias) : 0,
      biasBatch, biasHead, biasRow, biasKey, hasBias: Number(hasBias),
      heads, queries, keys, headDim, scale: Number(attributes.scale),
    },
  };
}

/** Gives each part of scratch memory its place, behind the edge tile. */
export function placeScratch<Name extends string>(sizes: Readonly<Record<Name, number>>): { offsets: Record<Name, number>; scratchBytes: number } {
  let end = edgeBytes;
  const offsets = {} as Record<Name, number>;
  for (const [name, numFloats] of Object.entries(sizes) as [Name, number][]) {
    offsets[name] = end;
    end += Math.ceil(numFloats / 16) * 64;
  }
  return { offsets, scratchBytes: end };
}

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** How many rows of scores stay near: 64 KiB of them. */
export const blockOfQueries = (queries: number, keys: number): number => Math.min(roundUp(Math.max(queries, 1), 4), Math.max(16, Math.floor(16384 / roundUp(Math.max(keys, 1), 8) / 4) * 4));

function generate(kernel: OpKernel): GeneratedKernel {
  const shapes = attentionShapes(kernel);
  const { segments, batch, queries, heads, headDim, keys, direct } = shapes;
  const pairs = batch * heads;
  if (pairs * queries === 0) return { phases: [] };
  // Tasks pack all keys and values of their head: split only if there are few heads, and into no less than 48 queries.
  const splits = Math.max(1, Math.min(Math.ceil(16 / pairs), Math.floor(queries / 48)));
  const queriesPerTask = roundUp(Math.ceil(queries / splits), 4);
  const queryBlock = blockOfQueries(queriesPerTask, keys);
  const isJoined = segments > 1 || !direct;
  const keyFloats = keys * headDim;
  const sizes: Record<(typeof attentionScratch)[number], number> = {
    kRows: isJoined ? keyFloats : 0,
    vRows: isJoined ? keyFloats : 0,
    kPanels: roundUp(keys, 8) * headDim,
    vPanels: keys * roundUp(headDim, 8),
    qRows: direct ? 0 : queryBlock * headDim,
    scores: queryBlock * roundUp(keys, 8),
    outRows: queryBlock * roundUp(headDim, 8),
    sums: queryBlock,
    shifts: queryBlock,
    gathered: roundUp(keys, 8),
  };
  const { offsets, scratchBytes } = placeScratch(sizes);
  const [out, logSumExp] = kernel.outputs as [Layout, Layout];
  return {
    phases: [
      phase(attentionFunction(segments, direct), pairs * Math.ceil(queries / queriesPerTask), {
        ...shapes.arguments,
        ...offsets,
        out: { buffer: out.buffer }, logSumExp: { buffer: logSumExp.buffer },
        splits: Math.ceil(queries / queriesPerTask), queriesPerTask, queryBlock,
      }),
    ],
    scratchBytes,
  };
}

export const attention: OpImplementations = [{ name: "attentionByHead", generate }];
