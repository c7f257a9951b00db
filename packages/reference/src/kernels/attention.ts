import { demand } from "../fault.ts";
import { demandFloat, demandShape, numberAttribute, type KernelOp, type OpArguments } from "../op.ts";
import type { View } from "../view.ts";

/** The keys of all segments behind each other: key j is row `row` of segment `segment`. */
export interface AttentionInputs {
  q: View;
  keys: readonly View[];
  values: readonly View[];
  bias: View | undefined;
  scale: number;
  /** For each key of all segments, its segment and its row there. */
  places: readonly { segment: number; row: number }[];
  /** Inputs behind those of the forward pass. */
  rest: readonly View[];
}

export function attentionInputs({ inputs, attributes }: OpArguments): AttentionInputs {
  const segments = numberAttribute(attributes, "segments");
  const scale = numberAttribute(attributes, "scale");
  const hasBias = attributes.hasBias === true;
  const [q, ...others] = inputs;
  demand(Number.isInteger(segments) && segments >= 1, `segments is ${segments}; expected 1 or more.`);
  demand(q !== undefined && q.shape.length === 4 && inputs.length >= 1 + 2 * segments + Number(hasBias), `there are ${inputs.length} inputs.`);
  const [batch, queries, heads, headDim] = q.shape as [number, number, number, number];
  const keys = Array.from({ length: segments }, (_, segment) => others[2 * segment]!);
  const values = Array.from({ length: segments }, (_, segment) => others[2 * segment + 1]!);
  const places: { segment: number; row: number }[] = [];
  keys.forEach((k, segment) => {
    const rows = k.shape[1]!;
    demandShape({ k, v: values[segment]! }, { k: [batch, rows, heads, headDim], v: [batch, rows, heads, headDim] });
    demandFloat({ q, k, v: values[segment]! });
    for (let row = 0; row < rows; row++) places.push({ segment, row });
  });
  const bias = hasBias ? others[2 * segments]! : undefined;
  if (bias) {
    demandShape({ bias }, { bias: [batch, heads, queries, places.length] });
    demand(bias.dtype === "f32", `bias is ${bias.dtype}; expected f32.`);
  }
  return { q, keys, values, bias, scale, places, rest: others.slice(2 * segments + Number(hasBias)) };
}

/** scale · q·k + bias for one query and key j. */
export function score(of: AttentionInputs, b: number, h: number, i: number, j: number): number {
  const { segment, row } = of.places[j]!;
  const k = of.keys[segment]!;
  let product = 0;
  for (let d = 0; d < of.q.shape[3]!; d++) product += of.q.get(b, i, h, d) * k.get(b, row, h, d);
  return of.scale * product + (of.bias ? of.bias.get(b, h, i, j) : 0);
}

/** out[b, i, h] = Σⱼ softmaxⱼ(score) · v[b, j, h]; logSumExp[b, h, i] = log Σⱼ exp(score) */
export const attention: KernelOp = (args) => {
  const of = attentionInputs(args);
  const [out, logSumExp] = args.outputs as [View, View];
  const [batch, queries, heads, headDim] = of.q.shape as [number, number, number, number];
  demand(of.rest.length === 0, `there are ${of.rest.length} inputs too many.`);
  demandShape({ out, logSumExp }, { out: of.q.shape, logSumExp: [batch, heads, queries] });

  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const scores = of.places.map((_, j) => score(of, b, h, i, j));
        const largest = scores.reduce((x, y) => Math.max(x, y), -Infinity);
        const weights = scores.map((x) => Math.exp(x - largest));
        const total = weights.reduce((x, y) => x + y, 0);
        for (let d = 0; d < headDim; d++) {
          let sum = 0;
          of.places.forEach(({ segment, row }, j) => {
            sum += weights[j]! * of.values[segment]!.get(b, row, h, d);
          });
          out.set(sum / total, b, i, h, d);
        }
        logSumExp.set(largest + Math.log(total), b, h, i);
      }
    }
  }
};
