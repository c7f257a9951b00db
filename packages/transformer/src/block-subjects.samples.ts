import { initialise, type LinearOptions } from "@multiway/nn";
import type { Device, Tensor } from "@multiway/tensor";
import { MultiwayBlock, type BlockRouting } from "./block.ts";
import type { ByModality } from "./experts.ts";

/** Some weights and inputs, and what becomes of them. */
export interface Subject<Model> {
  model: Model;
  inputs: ByModality<Tensor>;
  forward(model: Model, inputs: ByModality<Tensor>): ByModality<Tensor>;
}

export interface BlockSizes {
  batch: number;
  /** Tokens of a sequence. */
  length: number;
  embedDim: number;
  numHeads: number;
  ffnDim: number;
}

/** A pre-norm block as in a vision transformer, with one product for queries, keys and values. */
export function plainBlock(device: Device, { batch, length, embedDim, numHeads, ffnDim }: BlockSizes) {
  const ones = (...shape: number[]) => device.ones(shape);
  const linear = (inputs: number, outputs: number) => ({ weight: ones(outputs, inputs), bias: ones(outputs) });
  const norm = () => ({ gain: ones(embedDim), offset: ones(embedDim) });
  const model = { norm1: norm(), qkv: linear(embedDim, 3 * embedDim), out: linear(embedDim, embedDim), norm2: norm(), up: linear(embedDim, ffnDim), down: linear(ffnDim, embedDim) };
  const apply = (x: Tensor, { weight, bias }: { weight: Tensor; bias: Tensor }) => x.matmul(weight.transpose()).add(bias);
  return {
    model,
    inputs: { vision: ones(batch, length, embedDim) },
    forward(m: typeof model, { vision: x }: ByModality<Tensor>) {
      const [q, k, v] = apply(x!.layerNorm(m.norm1.gain, m.norm1.offset), m.qkv).split(embedDim, 2).map((part) => part.reshape([batch, length, numHeads, embedDim / numHeads])) as [Tensor, Tensor, Tensor];
      const attended = x!.add(apply(q.attention(k, v).reshape([batch, length, embedDim]), m.out));
      return { vision: attended.add(apply(apply(attended.layerNorm(m.norm2.gain, m.norm2.offset), m.up).gelu(), m.down)) };
    },
  };
}

/** Three quarters of the tokens are of the image, the others of the text. */
export async function multiwayBlock(device: Device, { batch, length, ...widths }: BlockSizes, { routing, subLayerNorm }: { routing: BlockRouting; subLayerNorm: boolean }): Promise<Subject<MultiwayBlock>> {
  const options = { ...widths, dropPathRate: 0, epsilon: 1e-5, linear: {} satisfies LinearOptions, routing, subLayerNorm };
  const tokens = (share: number) => device.ones([batch, share * length, widths.embedDim]);
  return {
    model: await initialise(new MultiwayBlock(options), { device, key: 1 }),
    inputs: { vision: tokens(3 / 4), language: tokens(1 / 4) },
    forward: (block, inputs) => block.forward(inputs),
  };
}
