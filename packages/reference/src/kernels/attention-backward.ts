import { demand } from "../fault.ts";
import { demandShape, type KernelOp } from "../op.ts";
import type { View } from "../view.ts";
import { attentionInputs, score } from "./attention.ts";

/**
 * With p = exp(score − logSumExp), the weights of the forward pass:
 * dv[j] = Σᵢ p[i, j] · dout[i];  ds[i, j] = p[i, j] · (dout[i]·v[j] − dout[i]·out[i]);  dq[i] = scale · Σⱼ ds[i, j] · k[j];
 * dk[j] = scale · Σᵢ ds[i, j] · q[i];  dbias = ds.
 */
export const attentionBackward: KernelOp = (args) => {
  const of = attentionInputs(args);
  const { q, keys, values, scale, places } = of;
  const [batch, queries, heads, headDim] = q.shape as [number, number, number, number];
  const hasBiasGradient = args.attributes.biasGradient === true;
  demand(of.rest.length === 3, `there are ${of.rest.length} inputs behind those of attention; expected out, logSumExp and gradient.`);
  const [out, logSumExp, gradient] = of.rest as [View, View, View];
  demandShape({ out, logSumExp, gradient }, { out: q.shape, logSumExp: [batch, heads, queries], gradient: q.shape });
  demand(args.outputs.length === 1 + 2 * keys.length + Number(hasBiasGradient), `there are ${args.outputs.length} outputs.`);
  const [dq, ...others] = args.outputs as [View, ...View[]];
  const dk = keys.map((_, segment) => others[2 * segment]!);
  const dv = keys.map((_, segment) => others[2 * segment + 1]!);
  const dbias = hasBiasGradient ? others[2 * keys.length]! : undefined;
  demandShape({ dq }, { dq: q.shape });
  keys.forEach((k, s) => demandShape({ dk: dk[s]!, dv: dv[s]! }, { dk: k.shape, dv: k.shape }));
  if (dbias) demandShape({ dbias }, { dbias: [batch, heads, queries, places.length] });

  for (const output of args.outputs) output.fill(0);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        let outProduct = 0;
        for (let d = 0; d < headDim; d++) outProduct += gradient.get(b, i, h, d) * out.get(b, i, h, d);
        for (let j = 0; j < places.length; j++) {
          const { segment, row } = places[j]!;
          const p = Math.exp(score(of, b, h, i, j) - logSumExp.get(b, h, i));
          let valueProduct = 0;
          for (let d = 0; d < headDim; d++) valueProduct += gradient.get(b, i, h, d) * values[segment]!.get(b, row, h, d);
          const ds = p * (valueProduct - outProduct);
          for (let d = 0; d < headDim; d++) {
            dq.add(scale * ds * keys[segment]!.get(b, row, h, d), b, i, h, d);
            dk[segment]!.add(scale * ds * q.get(b, i, h, d), b, row, h, d);
            dv[segment]!.add(p * gradient.get(b, i, h, d), b, row, h, d);
          }
          dbias?.set(ds, b, h, i, j);
        }
      }
    }
  }
};
